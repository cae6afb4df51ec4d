import { type Script, toScript } from '../link/script.ts';

/** How many clients one run looks at, at most: some milliseconds of a Redis that does nothing else meanwhile. */
export const STEP = 250;

/** For how long it is asked what has become of a removal. */
export const RECALL_FOR_MS = 300_000;

/** Of clients whose end nobody who lives has been told: after that nobody is. */
const UNTOLD_MS = 86_400_000;

/**
 * Who is connected. KEYS[1] is what all keys begin with, which lie in one slot by its hash tag: those of owners are
 * only known from entries. The arguments are an operation and its own. A reply tells of each client in three elements:
 * its id, its entry, and when it was last seen.
 */
export const CLIENTS: Script = toScript(`
local base, operation = KEYS[1], ARGV[1]
-- What requests wait for comes before all that it does not need.
if operation == 'has' then return redis.call('HEXISTS', base .. ':entries', ARGV[2]) end

-- Hash, id to 'requests\\nconnectedAt\\nowner\\naddress': as many as there may be clients.
local entries = base .. ':entries'
-- Sorted set, ids by when they were last seen, in ms: the same ids.
local sight = base .. ':sight'
-- Hash, id to 'owner\\naddress', and sorted set, ids by when they lapse: as many as there is room for, and what has
-- lapsed goes with what comes.
local reserved, lapses = base .. ':reserved', base .. ':lapses'
-- Set, owners with somebody who may be told: as many as there are processes.
local watching = base .. ':watching'
-- Hash, owner to who takes over its clients: as many as there are processes.
local heirs = base .. ':heirs'
-- List, packed clients of whose end nobody has been told: at most as many as there may be clients, for a day.
local untold = base .. ':untold'

-- String, a name that is there for as long as Redis has lost nothing.
local life = base .. ':life'

-- Set, ids of what is connected or reserved by one owner: as many as these are.
local function ownOf(owner) return base .. ':own:' .. owner end
-- List, a token and packed clients of whose end one owner is being told: one step, for a day.
local function tellingOf(owner) return base .. ':telling:' .. owner end
-- Hash, tokens to packed replies of removals that one owner has not heard: as many as are under way, for a day.
local function unheardOf(owner) return base .. ':unheard:' .. owner end
-- String, says that a removal which was asked for before it came does not take place any more: for some minutes.
local function recalledOf(token) return base .. ':recalled:' .. token end

local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function digits(number) return string.format('%d', number) end

local function ownerOf(entry) return string.match(entry, '^%d+\\n%d+\\n([^\\n]*)\\n') end

local function describe(ids)
  local reply, size = {}, 0
  if #ids == 0 then return reply end
  local found = redis.call('HMGET', entries, unpack(ids))
  local seen = redis.call('ZMSCORE', sight, unpack(ids))
  for index, id in ipairs(ids) do
    if found[index] then
      reply[size + 1], reply[size + 2], reply[size + 3] = id, found[index], seen[index]
      size = size + 3
    end
  end
  return reply
end

-- Removes clients of any owner, and describes them. The machines of their owners are told, but for the one that knows:
-- the text 'to' is what the names of their channels begin with.
local function take(ids, to, knows)
  local reply = describe(ids)
  local byOwner, byMachine = {}, {}
  for index = 1, #reply, 3 do
    local owner = ownerOf(reply[index + 1])
    byOwner[owner] = byOwner[owner] or {}
    table.insert(byOwner[owner], reply[index])
    local machine = string.match(owner, '^[^/]*')
    if machine ~= knows then
      byMachine[machine] = byMachine[machine] or {}
      for part = index, index + 2 do table.insert(byMachine[machine], reply[part]) end
    end
  end
  if #ids > 0 then
    redis.call('HDEL', entries, unpack(ids))
    redis.call('ZREM', sight, unpack(ids))
  end
  for owner, own in pairs(byOwner) do redis.call('SREM', ownOf(owner), unpack(own)) end
  for machine, gone in pairs(byMachine) do redis.call('PUBLISH', to .. machine, 'clients\\n' .. cjson.encode(gone)) end
  return reply
end

local function placeOf(id)
  local place = redis.call('HGET', reserved, id)
  if not place then return nil end
  local owner, address = string.match(place, '^([^\\n]*)\\n(.*)$')
  return { owner = owner, address = address, lapsesAt = tonumber(redis.call('ZSCORE', lapses, id) or 0) }
end

local function dropPlace(id, owner)
  redis.call('HDEL', reserved, id)
  redis.call('ZREM', lapses, id)
  redis.call('SREM', ownOf(owner), id)
end

-- A reservation that its owner may still decide.
local function ownPlace(id, owner)
  local place = placeOf(id)
  if place and place.owner == owner and place.lapsesAt > clock() then return place end
  return nil
end

-- Takes up to a step of what is an owner's: the ids of its clients, and how many ids there were in all.
local function popOwn(owner)
  local ids = redis.call('SPOP', ownOf(owner), ${STEP})
  local clients = {}
  if #ids == 0 then return clients, 0 end
  local found = redis.call('HMGET', entries, unpack(ids))
  for index, id in ipairs(ids) do
    local place = not found[index] and placeOf(id)
    if found[index] and ownerOf(found[index]) == owner then table.insert(clients, id) end
    if place and place.owner == owner then dropPlace(id, owner) end
  end
  return clients, #ids
end

-- The clients of a reply from an index on.
local function recordsOf(reply, first)
  local records = {}
  for index = first, #reply, 3 do
    table.insert(records, cmsgpack.pack({ reply[index], reply[index + 1], reply[index + 2] }))
  end
  return records
end

local function pushUntold(records, most)
  if #records > 0 then redis.call('RPUSH', untold, unpack(records)) end
  redis.call('LTRIM', untold, -most, -1)
  redis.call('PEXPIRE', untold, ${UNTOLD_MS})
end

-- What an owner was being told is told to nobody again.
local function takeTelling(owner)
  local records = redis.call('LRANGE', tellingOf(owner), 1, -1)
  redis.call('DEL', tellingOf(owner))
  return records
end

-- What an owner has removed and not heard of, it does not hear of any more: somebody else is told.
local function pushUnheard(owner, most)
  local unheard = redis.call('HGETALL', unheardOf(owner))
  for index = 2, #unheard, 2 do pushUntold(recordsOf(cmsgpack.unpack(unheard[index]), 2), most) end
  redis.call('UNLINK', unheardOf(owner))
end

-- Runs a removal whose outcome can be asked for again, unless it was asked for before this came.
local function remove(owner, token, run)
  if redis.call('EXISTS', recalledOf(token)) == 1 then return { 0 } end
  local reply = run()
  if #reply > 1 then
    redis.call('HSET', unheardOf(owner), token, cmsgpack.pack(reply))
    redis.call('PEXPIRE', unheardOf(owner), ${UNTOLD_MS})
  end
  return reply
end

local function replyOf(count, clients)
  table.insert(clients, 1, count)
  return clients
end

local operations = {}

function operations.get(id) return describe({ id }) end

function operations.count() return redis.call('HLEN', entries) end

function operations.note(...)
  local noted = { ... }
  local ids, counts = {}, {}
  for index = 1, #noted, 2 do
    table.insert(ids, noted[index])
    table.insert(counts, noted[index + 1])
  end
  local now = digits(clock())
  local changed, seen = {}, {}
  for index, entry in ipairs(redis.call('HMGET', entries, unpack(ids))) do
    if entry then
      local requests, rest = string.match(entry, '^(%d+)(.*)$')
      table.insert(changed, ids[index])
      table.insert(changed, digits(requests + counts[index]) .. rest)
      table.insert(seen, now)
      table.insert(seen, ids[index])
    end
  end
  if #changed == 0 then return end
  redis.call('HSET', entries, unpack(changed))
  redis.call('ZADD', sight, unpack(seen))
end

function operations.reserve(owner, id, address, ttlMs, most)
  if redis.call('HEXISTS', entries, id) == 1 then return 'connected' end
  local now = clock()
  -- More than what is added: what has lapsed gets less.
  local lapsed = redis.call('ZRANGE', lapses, '-inf', digits(now), 'BYSCORE', 'LIMIT', 0, 2)
  for _, each in ipairs(lapsed) do
    local place = placeOf(each)
    if place then dropPlace(each, place.owner) else redis.call('ZREM', lapses, each) end
  end
  local place = placeOf(id)
  if place and place.lapsesAt > now then return 'undecided' end
  if place then dropPlace(id, place.owner) end
  local live = redis.call('ZCOUNT', lapses, '(' .. digits(now), '+inf')
  if redis.call('HLEN', entries) + live >= tonumber(most) then return 'full' end
  redis.call('HSET', reserved, id, owner .. '\\n' .. address)
  redis.call('ZADD', lapses, digits(now + ttlMs), id)
  redis.call('SADD', ownOf(owner), id)
  return 'reserved'
end

function operations.commit(owner, id)
  local place = ownPlace(id, owner)
  if not place then return {} end
  local now = digits(clock())
  redis.call('HDEL', reserved, id)
  redis.call('ZREM', lapses, id)
  redis.call('SADD', ownOf(owner), id)
  redis.call('HSET', entries, id, table.concat({ '0', now, owner, place.address }, '\\n'))
  redis.call('ZADD', sight, now, id)
  return describe({ id })
end

function operations.abort(owner, id)
  local place = placeOf(id)
  if place and place.owner == owner then dropPlace(id, owner) end
end

function operations.remove(owner, token, to, knows, id)
  return remove(owner, token, function() return replyOf(1, take({ id }, to, knows)) end)
end

function operations.removeIdle(owner, token, to, knows, idleMs)
  return remove(owner, token, function()
    local ids = redis.call('ZRANGE', sight, '-inf', digits(clock() - idleMs), 'BYSCORE', 'LIMIT', 0, ${STEP})
    return replyOf(#ids, take(ids, to, knows))
  end)
end

function operations.removeOwn(owner, token, to, knows)
  return remove(owner, token, function()
    local ids, count = popOwn(owner)
    return replyOf(count, take(ids, to, knows))
  end)
end

-- What became of a removal whose reply was lost. If nothing has, nothing does any more.
function operations.recall(owner, token)
  -- Where memory is short, this takes effect all the same: the first change is one that needs none.
  redis.call('DEL', base)
  local reply = redis.call('HGET', unheardOf(owner), token)
  if reply then return cmsgpack.unpack(reply) end
  redis.call('SET', recalledOf(token), '', 'PX', ${RECALL_FOR_MS})
  return { 0 }
end

-- The name of this life of what is here; a fresh one where it has none.
function operations.life(fresh)
  redis.call('SET', life, fresh, 'NX')
  return redis.call('GET', life)
end

function operations.describe(...) return replyOf(redis.call('GET', life) or '', describe({ ... })) end

-- Connects clients again that Redis has lost, each in four arguments.
function operations.restate(...)
  local stated = { ... }
  local now = digits(clock())
  for index = 1, #stated, 4 do
    local owner, id, connectedAt, address = unpack(stated, index, index + 3)
    if redis.call('HSETNX', entries, id, table.concat({ '0', connectedAt, owner, address }, '\\n')) == 1 then
      redis.call('ZADD', sight, now, id)
      redis.call('SADD', ownOf(owner), id)
    end
  end
end

function operations.watch(owner) redis.call('SADD', watching, owner) end

function operations.bequeath(owner, heir) redis.call('HSET', heirs, owner, heir) end

-- Up to a step of what an owner had that is gone: how much it was, and who has inherited it, if anybody.
function operations.lose(owner, most, to, knows)
  redis.call('SREM', watching, owner)
  pushUntold(takeTelling(owner), most)
  pushUnheard(owner, most)
  local heir = redis.call('HGET', heirs, owner)
  local ids, count = popOwn(owner)
  if not heir or redis.call('SISMEMBER', watching, heir) == 0 then heir = '' end
  if heir ~= '' then
    for _, id in ipairs(ids) do
      local entry = redis.call('HGET', entries, id)
      local requests, connectedAt, address = string.match(entry, '^(%d+)\\n(%d+)\\n[^\\n]*\\n(.*)$')
      redis.call('HSET', entries, id, table.concat({ requests, connectedAt, heir, address }, '\\n'))
      redis.call('SADD', ownOf(heir), id)
    end
  else
    pushUntold(recordsOf(take(ids, to, knows), 1), most)
  end
  if count == 0 then redis.call('HDEL', heirs, owner) end
  return { count, heir }
end

-- Up to a step of what an owner shall be told, behind a token; the same again until it says that token.
function operations.tell(owner, done, fresh)
  redis.call('SADD', watching, owner)
  local key = tellingOf(owner)
  local token = redis.call('LINDEX', key, 0)
  if token == done then
    redis.call('DEL', key)
    token = nil
  end
  if not token then
    local records = redis.call('LPOP', untold, ${STEP})
    if not records then return {} end
    redis.call('RPUSH', key, fresh, unpack(records))
    redis.call('PEXPIRE', key, ${UNTOLD_MS})
    token = fresh
  end
  local reply = { token }
  for _, record in ipairs(redis.call('LRANGE', key, 1, -1)) do
    for _, part in ipairs(cmsgpack.unpack(record)) do table.insert(reply, part) end
  end
  return reply
end

-- An owner does not hear of it; somebody else may.
function operations.refuse(owner, most) pushUntold(takeTelling(owner), most) end

return operations[operation](unpack(ARGV, 2))
`);

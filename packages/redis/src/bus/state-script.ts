import { type Script, toScript } from '../link/script.ts';
import { HISTORY_LUA } from './lua/history.ts';
import { KEYS_LUA } from './lua/keys.ts';

/** Knows what each process has: in which topics how many channels, and who is there under which name. */
export const STATE: Script = toScript(`
${KEYS_LUA}
${HISTORY_LUA}
local function owner_key(owner) return BASE .. 'owner:' .. owner end
local function untold_key(owner) return BASE .. 'untold:' .. owner end

local function write_member(topic, member, m)
  local texts = { m.channels, m.order, m.joined, m.remember, m.has_info, m.info }
  call('HSET', members_key(topic), member, table.concat(texts, ' '))
end

-- Told to one process, until it has acknowledged.
local function note_change(changes, teller, kind, topic, member, m)
  local id = epoch_of() .. '-' .. call('HINCRBY', SHARED, 'changes', 1)
  local text = kind .. m.has_info .. pair(topic, pair(member, m.info))
  call('HSET', untold_key(teller), id, text)
  changes[#changes + 1] = id
  changes[#changes + 1] = text
end

local function presence_field(topic, member, channel) return 'p' .. pair(topic, pair(member, channel)) end

local function set_interest(owner, topic, channels, mark)
  local key = topic_key(topic)
  local last = tonumber(call('HGET', key, 'last') or call('HGET', SHARED, 'seq') or 0)
  if channels > 0 then
    call('HSET', interest_key(topic), owner, channels)
    call('HSET', owner_key(owner), 'i' .. topic, mark)
    call('HSET', key, 'last', last)
    call('PERSIST', key)
  else
    call('HDEL', interest_key(topic), owner)
    call('HDEL', owner_key(owner), 'i' .. topic)
    quieten(topic)
  end
  return last
end

-- @param told_in the life of the store in which the app was told that the channel is there: it is not told again
-- because that life is over
local function enter(changes, owner, topic, member, channel, has_info, info, remember, mark, told_in)
  local m = read_member(topic, member)
  local field = pair(member, channel)
  local before = call('HGET', channels_key(topic), field)
  call('HSET', channels_key(topic), field, owner)
  local owned = presence_field(topic, member, channel)
  if before and before ~= owner then call('HDEL', owner_key(before), owned) end
  call('HSET', owner_key(owner), owned, mark)
  local is_new = m == nil
  m = m or { channels = 0, order = call('HINCRBY', SHARED, 'order', 1), joined = now }
  if not before or is_new then m.channels = m.channels + 1 end
  m.has_info, m.info, m.remember = has_info, info, remember
  write_member(topic, member, m)
  if not is_new then return end
  if not told_in or told_in == '' or told_in == epoch_of() then
    note_change(changes, owner, 'j', topic, member, m)
  end
end

-- @param owner whose the channel has to be; nil: anybody's
-- @param teller who is told; '': nobody
-- @return whether it was there
local function leave(changes, owner, teller, topic, member, channel)
  local field = pair(member, channel)
  local of = call('HGET', channels_key(topic), field)
  if not of or (owner and of ~= owner) then return false end
  call('HDEL', channels_key(topic), field)
  call('HDEL', owner_key(of), presence_field(topic, member, channel))
  local m = read_member(topic, member)
  if not m then return true end
  m.channels = m.channels - 1
  if m.channels > 0 then
    write_member(topic, member, m)
    return true
  end
  call('HDEL', members_key(topic), member)
  if m.remember == '1' then
    local seq = call('HGET', SHARED, 'seq') or 0
    call('SET', BASE .. 'left:' .. pair(topic, member), epoch_of() .. ' ' .. seq, 'PX', DAY)
  end
  if teller ~= '' then note_change(changes, teller, 'l', topic, member, m) end
  return true
end

-- Two texts of one that pair has made.
local function unpair(text)
  local digits, rest = string.match(text, '^(%d+) (.*)$')
  local length = tonumber(digits)
  return string.sub(rest, 1, length), string.sub(rest, length + 1)
end

local function take_away(changes, owner, teller, field)
  if string.sub(field, 1, 1) == 'i' then
    set_interest(owner, string.sub(field, 2), 0)
    return
  end
  local topic, rest = unpair(string.sub(field, 2))
  local member, channel = unpair(rest)
  leave(changes, owner, teller, topic, member, channel)
  call('HDEL', owner_key(owner), field)
end

local op = ARGV[1]

if op == 'interest' then
  return { epoch_of(), set_interest(ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]) }
end

-- Who believes in another life of the store knows of nobody who is there.
if op == 'enter' then
  local believed = ARGV[10]
  if believed ~= '' and believed ~= epoch_of() then return false end
  local changes = {}
  enter(changes, unpack(ARGV, 2, 9))
  return changes
end

if op == 'exit' then
  local changes = {}
  return leave(changes, nil, unpack(ARGV, 2, 5)) and changes
end

-- A part of what one process has: topics with their channels, then presences.
if op == 'state' then
  local owner, mark, interests = ARGV[2], ARGV[3], tonumber(ARGV[4])
  local changes, standings = {}, {}
  local index = 5
  for _ = 1, interests do
    standings[#standings + 1] = set_interest(owner, ARGV[index], tonumber(ARGV[index + 1]), mark)
    index = index + 2
  end
  while index <= #ARGV do
    local topic, member, channel, has_info, info, remember, told_in = unpack(ARGV, index, index + 6)
    enter(changes, owner, topic, member, channel, has_info, info, remember, mark, told_in)
    index = index + 7
  end
  return { epoch_of(), standings, changes }
end

-- Takes from a process what was not said with one of two marks; with an empty one, everything. Some at a time.
if op == 'sweep' then
  local owner, teller, mark, cursor, other = unpack(ARGV, 2, 6)
  local changes = {}
  local found = call('HSCAN', owner_key(owner), cursor, 'COUNT', 500)
  for index = 1, #found[2], 2 do
    local said = found[2][index + 1]
    if mark == '' or (said ~= mark and said ~= other) then take_away(changes, owner, teller, found[2][index]) end
  end
  local next = found[1]
  if next == '0' and mark == '' and call('EXISTS', owner_key(owner)) == 0 and owner ~= teller then
    local untold = call('HGETALL', untold_key(owner))
    for index = 1, #untold, 2 do
      call('HSET', untold_key(teller), untold[index], untold[index + 1])
      changes[#changes + 1] = untold[index]
      changes[#changes + 1] = untold[index + 1]
    end
    call('DEL', untold_key(owner))
  end
  return { next, changes, call('HLEN', owner_key(owner)) }
end

if op == 'untold' then return call('HGETALL', untold_key(ARGV[2])) end

-- Something of the topic went to one machine alone: all shall see a hole there, in its history too. That one says
-- anew what it has, and sees it then.
if op == 'skip' then
  local topic, machine = ARGV[2], ARGV[3]
  epoch_of()
  local seq = call('HINCRBY', SHARED, 'seq', 1)
  if call('EXISTS', topic_key(topic)) == 0 then return end
  call('HSET', topic_key(topic), 'last', seq)
  if call('HEXISTS', topic_key(topic), 'kept') == 1 then call('HSET', topic_key(topic), 'hole', seq) end
  tell_machines(call('HGETALL', interest_key(topic)), 'skipped\\n', machine)
  return
end

-- How many of these topics do not know of this process, which may have been evicted.
if op == 'verify' then
  local missing = 0
  for index = 3, #ARGV do
    if call('HEXISTS', interest_key(ARGV[index]), ARGV[2]) == 0 then missing = missing + 1 end
  end
  expire_some(100)
  return missing
end
`);

import { type Script, toScript } from './script.ts';

/**
 * Knows which machines live, and which life of the store this is.
 *
 * Keys: the hash that all share, the machines by when they were heard of last, and the topics of histories. Each
 * machine has the set of its owners, the processes that something here may belong to; all of it goes with the machine.
 */
export const MACHINES: Script = toScript(`
local SHARED, MACHINES, OLDEST = KEYS[1], KEYS[2], KEYS[3]
local op, machine = ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function owners_key(name) return MACHINES .. ':' .. name end

-- Another server, or one that has lost all, numbers anew: positions of before can be compared with nothing.
local function epoch_of(run, candidate)
  local known = redis.call('HMGET', SHARED, 'epoch', 'run', 'seq')
  if known[1] and (not known[2] or known[2] == run) then
    if not known[2] then redis.call('HSET', SHARED, 'run', run) end
    return known[1]
  end
  redis.call('HSET', SHARED, 'epoch', candidate, 'run', run)
  -- Histories that outlived what numbered them hold lower numbers than this, at less than 1,000 messages a second.
  if not known[3] and redis.call('EXISTS', OLDEST) == 1 then redis.call('HSET', SHARED, 'seq', now) end
  return candidate
end

-- Where nobody was heard for long, the store was away, and nobody is blamed for that.
local function forgive(lost_after)
  local last = tonumber(redis.call('HGET', SHARED, 'beat') or now)
  redis.call('HSET', SHARED, 'beat', now)
  if now - last <= lost_after / 2 then return end
  for _, name in ipairs(redis.call('ZRANGE', MACHINES, 0, -1)) do
    redis.call('ZINCRBY', MACHINES, now - last, name)
  end
end

if op == 'beat' then
  local run, candidate, lost_after = ARGV[3], ARGV[4], tonumber(ARGV[5])
  local epoch = epoch_of(run, candidate)
  forgive(lost_after)
  local was_known = redis.call('ZSCORE', MACHINES, machine) and 1 or 0
  redis.call('ZADD', MACHINES, now, machine)
  for index = 6, #ARGV do redis.call('SADD', owners_key(machine), ARGV[index]) end
  local lost = {}
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', MACHINES, '-inf', now - lost_after, 'LIMIT', 0, 16)) do
    local owners = redis.call('SMEMBERS', owners_key(name))
    if #owners == 0 then redis.call('ZREM', MACHINES, name) end
    for _, owner in ipairs(owners) do lost[#lost + 1] = owner end
  end
  return { epoch, was_known, lost }
end

if op == 'attend' then
  redis.call('SADD', owners_key(machine), ARGV[3])
  return
end

-- All that the owner had is taken away.
if op == 'forget' then
  local owner = ARGV[3]
  redis.call('SREM', owners_key(string.match(owner, '^[^/]+')), owner)
  return
end

-- The others find it gone, and take away what it has left.
if op == 'leave' and redis.call('ZSCORE', MACHINES, machine) then redis.call('ZADD', MACHINES, 0, machine) end
`);

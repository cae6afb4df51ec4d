import { type Script, toScript } from '../link/script.ts';
import { HISTORY_LUA } from './lua/history.ts';
import { KEYS_LUA } from './lua/keys.ts';

/**
 * Numbers a message, keeps it where it is told to, and passes it to all machines that are interested. What is claimed
 * by an id is published once. What most messages do not need comes behind the branch that needs it.
 */
export const PUBLISH: Script = toScript(`
${KEYS_LUA}
local topic, head, payload, size = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local once_ms, is_for_one = tonumber(ARGV[8]), ARGV[10] == '1'
local once_key = once_ms and BASE .. 'once:' .. pair(topic, ARGV[9])
local answered = once_key and call('GET', once_key)
if answered then
  local epoch, seq, subscribers = string.match(answered, '^(%S+) (%d+) (%d+)$')
  return { epoch, tonumber(seq), tonumber(subscribers) }
end

local epoch = epoch_of()
local seq = call('HINCRBY', SHARED, 'seq', 1)
local last = call('HGET', topic_key(topic), 'last')
local prev = last or seq - 1
if last or size then call('HSET', topic_key(topic), 'last', seq) end
local frame = head .. '\\n' .. payload
if size then
  ${HISTORY_LUA}
  keep(topic, seq, prev, frame, size, tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]))
end

local interest = call('HGETALL', interest_key(topic))
local subscribers = ARGV[14] == '1' and -1 or 0
for index = 2, #interest, 2 do subscribers = subscribers + interest[index] end
if is_for_one then
  local user, except = ARGV[11], ARGV[12] == '1' and ARGV[13]
  local member = read_member(topic, user)
  subscribers = member and member.channels or 0
  if member and except and call('HEXISTS', channels_key(topic), pair(user, except)) == 1 then
    subscribers = subscribers - 1
  end
end
subscribers = math.max(0, subscribers)
if once_key then call('SET', once_key, epoch .. ' ' .. seq .. ' ' .. subscribers, 'PX', once_ms) end
local place = epoch .. ' ' .. seq .. ' ' .. prev .. ' ' .. (size and 1 or 0)
tell_machines(interest, 'message\\n' .. place .. '\\n' .. frame)
return { epoch, seq, subscribers }
`);

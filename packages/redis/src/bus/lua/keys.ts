/**
 * How the scripts of topics name their keys, and number messages.
 *
 * Keys, behind the prefix, and what bounds them:
 * - `shared`: a hash with `seq`, `epoch`, the bytes of all histories, and up to where topics are forgotten.
 * - `topic:<topic>`: what is known of it, with `last` (the seq of its last message), `kept` (of the last one of its
 *   history), `lost` (up to where messages of that are gone), `hole` (up to where some were never in it) and `bytes`.
 *   There while somebody is interested or something is kept, and for a day behind that.
 * - `history:<topic>`: a stream whose ids are `<seq>-0`; by the size, the time and the bytes of all.
 * - `oldest`, `expiring`: the topics of histories by their first seq, and by when something expires.
 * - `interest:<topic>`, `members:<topic>`, `channels:<topic>`: by who is there. `owner:<owner>`: all that one process
 *   has. `untold:<owner>`: changes that it was told and has not acknowledged.
 * - `left:<topic> <member>` for a day, `once:<topic> <id>` for the time that the app states.
 */
export const KEYS_LUA: string = `
local call = redis.call
local SHARED = KEYS[1]
local BASE = string.sub(SHARED, 1, -7)

local function topic_key(topic) return BASE .. 'topic:' .. topic end
local function history_key(topic) return BASE .. 'history:' .. topic end
local function interest_key(topic) return BASE .. 'interest:' .. topic end
local function members_key(topic) return BASE .. 'members:' .. topic end
local function channels_key(topic) return BASE .. 'channels:' .. topic end
-- One text for two, which no other pair has.
local function pair(one, two) return #one .. ' ' .. one .. two end

-- A store that was emptied begins another life.
local function epoch_of()
  local epoch = call('HGET', SHARED, 'epoch')
  if epoch then return epoch end
  local time = call('TIME')
  epoch = string.sub(redis.sha1hex(time[1] .. ' ' .. time[2] .. ' ' .. table.concat(ARGV, ' ', 1, 2)), 1, 16)
  call('HSET', SHARED, 'epoch', epoch)
  -- Histories that outlived what numbered them hold lower numbers than this, at less than 1,000 messages a second.
  if call('EXISTS', BASE .. 'oldest') == 1 then
    call('HSETNX', SHARED, 'seq', time[1] * 1000 + math.floor(time[2] / 1000))
  end
  return epoch
end

-- To each machine of which some process is interested.
local function tell_machines(interest, text, except)
  local told = except and { [except] = true } or {}
  for index = 1, #interest, 2 do
    local machine = string.match(interest[index], '^[^/]+')
    if not told[machine] then
      told[machine] = true
      call('PUBLISH', BASE .. 'to:' .. machine, text)
    end
  end
end

-- A member is kept as: channels, order of coming, when it came, whether to remember its leaving, its info.
local function read_member(topic, member)
  local text = call('HGET', members_key(topic), member)
  if not text then return end
  local channels, order, joined, remember, has_info, info = string.match(text, '^(%d+) (%d+) (%d+) (%d) (%d) (.*)$')
  return {
    channels = tonumber(channels), order = order, joined = joined,
    remember = remember, has_info = has_info, info = info,
  }
end
`;

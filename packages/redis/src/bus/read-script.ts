import { type Script, toScript } from '../link/script.ts';
import { HISTORY_LUA } from './lua/history.ts';
import { KEYS_LUA } from './lua/keys.ts';

/** Reads what is kept of a topic: all, behind a position, or behind the moment at which a name left. */
export const READ: Script = toScript(`
${KEYS_LUA}
${HISTORY_LUA}
local topic, kind = ARGV[1], ARGV[2]
local epoch, seq = epoch_of(), tonumber(call('HGET', SHARED, 'seq') or 0)
local after
if kind == 'left' then
  if call('HEXISTS', members_key(topic), ARGV[3]) == 1 then return { epoch, now, seq, 0, {} } end
  local of, at = string.match(call('GET', BASE .. 'left:' .. pair(topic, ARGV[3])) or '', '^(%S+) (%d+)$')
  after = of == epoch and tonumber(at) or nil
elseif kind == 'behind' then
  local at = tonumber(ARGV[4])
  after = ARGV[3] == epoch and at <= seq and at or nil
end

settle(topic)
-- What has expired behind others takes these with it.
local entries, expired = call('XRANGE', history_key(topic), '-', '+'), 0
for index, entry in ipairs(entries) do
  local at = expires_at(entry)
  if at and at <= now then expired = index end
end
drop(topic, entries, expired)

local record = call('HMGET', topic_key(topic), 'lost', 'kept', 'hole')
local lost
if #entries > expired then lost = tonumber(record[1] or forgotten())
else lost = tonumber(record[2] or forgotten()) end
-- Who wants all that is kept has no promise that nothing is missing within.
if kind ~= 'earliest' and record[3] then lost = math.max(lost, tonumber(record[3])) end
local is_gap = kind ~= 'earliest' and (not after or after < lost)
local from = after and after >= lost and after or lost
local found = {}
for index = expired + 1, #entries do
  local entry = entries[index]
  if tonumber(seq_of(entry)) > from then
    found[#found + 1] = seq_of(entry)
    found[#found + 1] = entry[2][4]
    found[#found + 1] = entry[2][8]
    found[#found + 1] = entry[2][2]
  end
end
return { epoch, now, lost, is_gap and 1 or 0, found }
`);

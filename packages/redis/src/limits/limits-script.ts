import { type Script, toScript } from '../link/script.ts';

/**
 * Judges what the processes of all machines ask of rate limits, in one step. Times are in ticks, 1,024 to a ms, whole
 * numbers that Lua holds exactly; they are those of Redis alone.
 *
 * `KEYS`: who asked lately (a sorted set by the time), who is asked nothing until a time (the same), and then one for
 * each entry. Names of processes are `<machine>/<process>`.
 *
 * - `ask`, channel, process, recall, `wantsLeases`, lease, then for each entry five: max, window in ms, parts (0: a
 *   token bucket), the lease that the process had, what it used of that. Answers `{0, ticks}` where others may give
 *   something back within these ticks, else 1 and for each entry five: whether it is admitted, what remains, ticks
 *   until one more is, ticks for which nothing can be, units of the lease.
 * - `tell`, channel, process, recall, then for each entry seven: max, window, parts, lease, what was used of it in all,
 *   what of that is new, whether the lease is over.
 * - `leave`, channel, process: it is gone, and has given back what it had.
 * - `lose`, channel, process: it is gone without a word.
 *
 * What bounds the keys: an entry lives as long as something of it counts, which is a window and a sixteenth, and a
 * second; it has 65 parts at most, a lease for each process, a waiter for each machine. Of processes those are kept
 * that asked within a minute, and of the silent ones 10,000.
 */
export const LIMITS: Script = toScript(`
local SECOND = 1024000
local operation, channel, process = ARGV[1], ARGV[2], ARGV[3]
local recall = tonumber(ARGV[4])
local clock = redis.call('TIME')
local time = tonumber(clock[1]) * SECOND + math.floor(tonumber(clock[2]) * 1024 / 1000)

-- How a key stands. A time that goes back stands still for it.
--
-- Packed as {how long before its last unit the newest part began, {ticks since the part before, units, ...}, leases,
-- machines that wait}; a bucket as {what is missing, when}. A lease has six: process, number, units left, units used,
-- when it ends, when it was recalled.
local LEASE = 6

local function read(key, max, window, parts)
  local seat = {
    key = key, max = tonumber(max), window = tonumber(window) * 1024, parts = tonumber(parts), now = time,
    lasts = {}, counts = {}, leases = {}, waiters = {},
  }
  local text = redis.call('GET', key)
  seat.isStored = text and true or false
  if not text then return seat end
  local packed = cmsgpack.unpack(text)
  if seat.parts == 0 then
    seat.missing, seat.since = packed[1], packed[2]
    seat.now = math.max(time, seat.since)
    return seat
  end
  local last, all = 0, packed[2]
  for index = 1, #all, 2 do
    last = last + all[index]
    seat.now = math.max(seat.now, last)
  end
  seat.began = last - packed[1]
  local at = 0
  for index = 1, #all, 2 do
    at = at + all[index]
    if seat.now - at < seat.window then
      table.insert(seat.lasts, at)
      table.insert(seat.counts, all[index + 1])
    end
  end
  local leases = packed[3] or {}
  for index = 1, #leases, LEASE do seat.now = math.max(seat.now, leases[index + 4] - seat.window * 3 / 64) end
  for index = 1, #leases, LEASE do
    local lease = {
      process = leases[index], number = leases[index + 1], units = leases[index + 2], used = leases[index + 3],
      endsAt = leases[index + 4], recalledAt = leases[index + 5],
    }
    -- What nobody has said to be unused counts as used at the end of its lease.
    if seat.now - lease.endsAt < seat.window then table.insert(seat.leases, lease) end
  end
  seat.waiters = packed[4] or {}
  return seat
end

local function drop(seat)
  if seat.isStored then redis.call('DEL', seat.key) end
end

local function writeBucket(seat)
  if not seat.missing or seat.missing <= 0 then return drop(seat) end
  local ms = math.ceil(seat.missing / seat.max / 1024) + 1000
  redis.call('SET', seat.key, cmsgpack.pack({ seat.missing, seat.since }), 'PX', ms)
end

local function write(seat)
  if seat.parts == 0 then return writeBucket(seat) end
  if #seat.lasts == 0 and #seat.leases == 0 then return drop(seat) end
  local all, last, ends = {}, 0, 0
  for index, at in ipairs(seat.lasts) do
    table.insert(all, at - last)
    table.insert(all, seat.counts[index])
    last, ends = at, at
  end
  local packed = { last > 0 and last - seat.began or 0, all }
  if #seat.leases > 0 or #seat.waiters > 0 then
    local leases = {}
    for _, lease in ipairs(seat.leases) do
      for _, field in ipairs({ lease.process, lease.number, lease.units, lease.used, lease.endsAt, lease.recalledAt }) do
        table.insert(leases, field)
      end
      ends = math.max(ends, lease.endsAt)
    end
    packed[3] = leases
    if #seat.waiters > 0 then packed[4] = seat.waiters end
  end
  redis.call('SET', seat.key, cmsgpack.pack(packed), 'PX', math.ceil((ends + seat.window - seat.now) / 1024) + 1000)
end

local function missing(seat, now)
  return math.max(0, (seat.missing or 0) - (now - (seat.since or now)) * seat.max)
end

local function bucketFree(seat, now)
  return math.floor((seat.max * seat.window - missing(seat, now)) / seat.window)
end

-- Units that nobody has used or holds; less than none where units were used that nobody could know of.
local function free(seat)
  if seat.parts == 0 then return bucketFree(seat, seat.now) end
  local units = seat.max
  for _, count in ipairs(seat.counts) do units = units - count end
  for _, lease in ipairs(seat.leases) do units = units - lease.units end
  return units
end

local function count(seat, units)
  local now = seat.now
  if units <= 0 then return end
  if seat.parts == 0 then
    seat.missing, seat.since = missing(seat, now) + units * seat.window, now
    return
  end
  local newest = #seat.lasts
  if newest > 0 and now - seat.began < seat.window / seat.parts then
    seat.lasts[newest] = now
    seat.counts[newest] = seat.counts[newest] + units
    return
  end
  seat.began = now
  table.insert(seat.lasts, now)
  table.insert(seat.counts, units)
end

-- Ticks until one unit is free, where none is.
local function wait(seat)
  if seat.parts == 0 then
    local ticks = math.max(1, math.ceil((missing(seat, seat.now) - (seat.max - 1) * seat.window) / seat.max))
    while bucketFree(seat, seat.now + ticks) < 1 do ticks = ticks + 1 end
    return ticks
  end
  local backs = {}
  for index, last in ipairs(seat.lasts) do table.insert(backs, { last, seat.counts[index] }) end
  for _, lease in ipairs(seat.leases) do table.insert(backs, { lease.endsAt, lease.units }) end
  table.sort(backs, function(one, other) return one[1] < other[1] end)
  local units = free(seat)
  for _, back in ipairs(backs) do
    units = units + back[2]
    if units > 0 then return math.max(1, back[1] + seat.window - seat.now) end
  end
  return seat.window
end

local function isSilent(name)
  local till = redis.call('ZSCORE', KEYS[2], name)
  return till and tonumber(till) > time
end

-- Who did not answer is asked again after ten seconds, as the question may have been lost; who is lost, after a day.
local function silence(name, seconds)
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', time)
  redis.call('ZADD', KEYS[2], time + seconds * SECOND, name)
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -10001)
  redis.call('PEXPIRE', KEYS[2], 86400000)
end

local function hear()
  redis.call('ZREM', KEYS[2], process)
end

local function machineOf(name)
  return string.match(name, '^[^/]*')
end

local function isAwaited(lease, now)
  return lease.recalledAt > 0 and now - lease.recalledAt < recall and not isSilent(lease.process)
end

-- Asks for a lease back. Ticks until its holder is taken for silent; 0 where it is.
local function callBack(seat, lease)
  if lease.recalledAt > 0 and seat.now - lease.recalledAt >= recall then
    lease.recalledAt = 0
    silence(lease.process, 10)
  end
  if isSilent(lease.process) then return 0 end
  if lease.recalledAt == 0 then
    lease.recalledAt = seat.now
    local terms = { seat.max, seat.window / 1024, seat.parts, lease.number }
    for index, term in ipairs(terms) do terms[index] = string.format('%.0f', term) end
    local text = lease.process .. '\\n' .. table.concat(terms, '\\n') .. '\\n' .. seat.key
    redis.call('PUBLISH', channel .. machineOf(lease.process), 'limits.recall\\n' .. text)
  end
  return lease.recalledAt + recall - seat.now
end

-- Tells those who wait for a key when there is something for them, or nobody who may bring it.
local function wake(seat)
  if #seat.waiters == 0 then return end
  if free(seat) < 2 then
    for _, lease in ipairs(seat.leases) do
      if isAwaited(lease, seat.now) then return end
    end
  end
  for _, machine in ipairs(seat.waiters) do
    redis.call('PUBLISH', channel .. machine, 'limits.again\\n' .. seat.key)
  end
  seat.waiters = {}
end

local function await(seat)
  local own = machineOf(process)
  for _, machine in ipairs(seat.waiters) do
    if machine == own then return end
  end
  table.insert(seat.waiters, own)
end

-- What a process says of its lease: all that it used, so that what a lost message said is said by the next one.
local function settle(seat, number, used, new, isOver)
  for index, lease in ipairs(seat.leases) do
    if lease.process == process and lease.number == number then
      local units = used - lease.used
      count(seat, units)
      lease.used = math.max(lease.used, used)
      lease.units = math.max(0, lease.units - math.max(0, units))
      if isOver or lease.units == 0 then table.remove(seat.leases, index) end
      return
    end
  end
  count(seat, new)
end

-- Ends what a process has of a key, also what it was never told of.
local function endOwn(seat, number, used)
  settle(seat, number, used, 0, true)
  for index = #seat.leases, 1, -1 do
    if seat.leases[index].process == process then table.remove(seat.leases, index) end
  end
end

local function countAskers()
  local last = redis.call('ZSCORE', KEYS[1], process)
  if not last or math.abs(time - tonumber(last)) > SECOND then
    redis.call('ZADD', KEYS[1], time, process)
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', time - 60 * SECOND)
    redis.call('PEXPIRE', KEYS[1], 60000)
  end
  return redis.call('ZCARD', KEYS[1])
end

-- Half of what is free, divided by those who ask.
local function grant(seat, number, askers)
  local units = math.floor(free(seat) / (2 * askers))
  if units < 2 then return 0 end
  table.insert(seat.leases, {
    process = process, number = number, units = units, used = 0, recalledAt = 0,
    endsAt = seat.now + seat.window * 3 / 64,
  })
  return units
end

local function stand(seat, isFree, units)
  if units > 0 then return 1, units, 0, 0 end
  local remaining = math.max(0, free(seat))
  if remaining > 0 then return isFree and 1 or 0, remaining, 0, 0 end
  local ticks = wait(seat)
  -- Who is silent may bring something before.
  local denied = #seat.leases > 0 and math.min(ticks, seat.window / 64) or ticks
  return isFree and 1 or 0, 0, ticks, denied
end

-- Ticks until nobody may bring anything that is missing; 0 where that is so.
local function lookAround(seats)
  local ticks = 0
  for _, seat in ipairs(seats) do
    if free(seat) < 2 then
      for _, lease in ipairs(seat.leases) do ticks = math.max(ticks, callBack(seat, lease)) end
    end
  end
  return ticks
end

local function ask()
  local wantsLeases, number = ARGV[5] == '1', tonumber(ARGV[6])
  local seats = {}
  for index = 3, #KEYS do
    local at = 7 + (index - 3) * 5
    local seat = read(KEYS[index], ARGV[at], ARGV[at + 1], ARGV[at + 2])
    if wantsLeases then endOwn(seat, tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])) end
    table.insert(seats, seat)
  end
  local ticks = lookAround(seats)
  if ticks > 0 then
    for _, seat in ipairs(seats) do
      if free(seat) < 2 then await(seat) end
      write(seat)
    end
    return { 0, ticks }
  end
  local areFree, isAdmitted = {}, true
  for index, seat in ipairs(seats) do
    areFree[index] = free(seat) > 0
    isAdmitted = isAdmitted and areFree[index]
  end
  local askers = wantsLeases and countAskers() or 1
  local answer = { 1 }
  for index, seat in ipairs(seats) do
    local units = 0
    if isAdmitted then
      count(seat, 1)
      if wantsLeases then units = grant(seat, number, askers) end
    end
    local isFree, remaining, reset, denied = stand(seat, areFree[index], units)
    for _, field in ipairs({ isFree, remaining, reset, denied, units }) do table.insert(answer, field) end
    wake(seat)
    write(seat)
  end
  return answer
end

local function tell()
  for index = 3, #KEYS do
    local at = 5 + (index - 3) * 7
    local seat = read(KEYS[index], ARGV[at], ARGV[at + 1], ARGV[at + 2])
    settle(seat, tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5]), ARGV[at + 6] == '1')
    wake(seat)
    write(seat)
  end
end

-- Redis refuses the first write where it has no memory left, and only that one: it is the one that counts.
if operation == 'ask' then
  local answer = ask()
  hear()
  return answer
elseif operation == 'tell' then
  tell()
  hear()
elseif operation == 'leave' then
  hear()
  redis.call('ZREM', KEYS[1], process)
else
  redis.call('ZREM', KEYS[1], process)
  silence(process, 86400)
end
return { 1 }
`);

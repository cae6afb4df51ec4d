/** How the scripts of topics keep messages: without a hole behind the oldest one, unless the topic says where. */
export const HISTORY_LUA: string = `
local DAY = 86400000
-- A third of the time for which the record of a quiet topic is there.
local TURN = DAY / 3
-- What the stream, the record and the two places of a topic take beside its messages: Redis gives a new stream 4 KiB.
local TOPIC_BYTES = 5120
local OLDEST, EXPIRING = BASE .. 'oldest', BASE .. 'expiring'
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- A topic of which there is no record has lost nothing behind this seq: each record outlives two turns.
local function forgotten()
  local known = call('HMGET', SHARED, 'turned', 'young', 'old', 'seq')
  local turned, seq = tonumber(known[1] or 0), tonumber(known[4] or 0)
  if turned == 0 then
    call('HSET', SHARED, 'turned', now, 'young', 0, 'old', 0)
    return 0
  end
  if now - turned < TURN then return tonumber(known[3]) end
  local old = now - turned < 2 * TURN and tonumber(known[2]) or seq
  call('HSET', SHARED, 'turned', now, 'young', seq, 'old', old)
  return old
end

-- Nobody is interested and nothing is kept: it is remembered for a day where something was.
local function quieten(topic)
  local key = topic_key(topic)
  if call('EXISTS', interest_key(topic), history_key(topic)) > 0 then return end
  if call('HEXISTS', key, 'kept') == 1 then call('PEXPIRE', key, DAY) else call('DEL', key) end
end

local function seq_of(entry) return string.match(entry[1], '^%d+') end
local function expires_at(entry) return tonumber(entry[2][6]) end
local function size_of(topic, frame) return 256 + #topic + #frame end

-- Nothing is kept of the topic any more.
local function empty(topic, lost)
  local bytes = call('HGET', topic_key(topic), 'bytes') or 0
  call('HINCRBY', SHARED, 'bytes', -bytes)
  call('HSET', topic_key(topic), 'bytes', 0, 'lost', lost)
  call('DEL', history_key(topic))
  call('ZREM', OLDEST, topic)
  call('ZREM', EXPIRING, topic)
  quieten(topic)
end

-- The first so many of these entries go; there is one more where something remains.
local function drop(topic, entries, many)
  if many == 0 then return end
  if not entries[many + 1] then return empty(topic, seq_of(entries[many])) end
  local bytes = 0
  for index = 1, many do bytes = bytes + size_of(topic, entries[index][2][2]) end
  call('XTRIM', history_key(topic), 'MINID', entries[many + 1][1])
  call('HSET', topic_key(topic), 'lost', seq_of(entries[many]))
  call('HINCRBY', topic_key(topic), 'bytes', -bytes)
  call('HINCRBY', SHARED, 'bytes', -bytes)
  call('ZADD', OLDEST, seq_of(entries[many + 1]), topic)
end

local function first_of(topic, many) return call('XRANGE', history_key(topic), '-', '+', 'COUNT', many) end

-- What was evicted is gone.
local function settle(topic)
  if call('EXISTS', history_key(topic)) == 1 then return end
  local known = call('HMGET', topic_key(topic), 'bytes', 'kept')
  if tonumber(known[1] or 0) > 0 then empty(topic, known[2]) else call('ZREM', OLDEST, topic) end
  call('ZREM', EXPIRING, topic)
end

-- What has expired goes, and what is in front of it, which would leave a hole.
local function expire(topic)
  local last, due
  repeat
    local entries = first_of(topic, 17)
    last, due = 0, nil
    for index = 1, math.min(16, #entries) do
      local at = expires_at(entries[index])
      if at and at <= now then last, due = index, nil
      elseif at and (not due or at < due) then due = at end
    end
    drop(topic, entries, last)
  until last < 16
  if due then call('ZADD', EXPIRING, due, topic) else call('ZREM', EXPIRING, topic) end
end

local function expire_some(most)
  for _, topic in ipairs(call('ZRANGEBYSCORE', EXPIRING, '-inf', now, 'LIMIT', 0, most)) do
    settle(topic)
    expire(topic)
  end
end

local function keep(topic, seq, prev, frame, size, ttl, fresh, most_bytes)
  expire_some(4)
  local bytes = size_of(topic, frame)
  local entry = { seq .. '-0', 'f', frame, 'p', prev, 'e', ttl and now + ttl or '', 's', fresh and now + fresh or '' }
  -- What is left of another numbering has nothing to do with this one.
  if redis.pcall('XADD', history_key(topic), unpack(entry)).err then
    call('DEL', history_key(topic))
    call('XADD', history_key(topic), unpack(entry))
  end
  local count = call('XLEN', history_key(topic))
  if count == 1 then
    bytes = bytes + TOPIC_BYTES
    -- It may have been evicted.
    local before = tonumber(call('HGET', topic_key(topic), 'bytes') or 0)
    if before > 0 then
      call('HINCRBY', SHARED, 'bytes', -before)
      call('HSET', topic_key(topic), 'bytes', 0, 'lost', seq - 1)
    end
    call('PERSIST', topic_key(topic))
    call('ZADD', OLDEST, seq, topic)
  end
  call('HSET', topic_key(topic), 'kept', seq)
  call('HINCRBY', topic_key(topic), 'bytes', bytes)
  local all = call('HINCRBY', SHARED, 'bytes', bytes)
  if ttl then call('ZADD', EXPIRING, 'LT', now + ttl, topic) end
  if count > size then drop(topic, first_of(topic, count - size + 1), count - size) end
  while all > most_bytes do
    local oldest = call('ZRANGE', OLDEST, 0, 0)[1]
    if not oldest then break end
    settle(oldest)
    local entries = first_of(oldest, 2)
    drop(oldest, entries, math.min(1, #entries))
    all = tonumber(call('HGET', SHARED, 'bytes'))
  end
end
`;

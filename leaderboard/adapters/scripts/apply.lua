-- Take what is newer than what is known into one board-season's ranking, keep the total order, and
-- say whether there is a top to record. Everything is computed before the first write, because a
-- script that fails does not roll back; scores stay strings, because Lua prints numbers with 14
-- digits.
--
-- KEYS order (sorted set), users (hash), state (hash)
-- ARGV topSize, fresh change id, life to start ('' if none may be started), its completeness,
--      life to fill ('' for live records), seconds a rebuild may be silent,
--      then per record: user id (packed), its value in the hash of users (seven bytes of version,
--      six of time, the name; of a removal the version alone) and its signed score ('': a removal)
-- Returns status, whether a rebuild is due (claimed for the caller), records taken, and what
-- read_top of top.lua (which stands before this script) returns.
-- status: 'ok' | 'cold' (there is no life) | 'lost' (the life to fill is not this one)
local order, users, state = KEYS[1], KEYS[2], KEYS[3]
local size, fresh = tonumber(ARGV[1]), ARGV[2]
local starting, completeness, filling = ARGV[3], ARGV[4], ARGV[5]
local patience, first, width = tonumber(ARGV[6]), 7, 3
local count = (#ARGV - first + 1) / width

local known = redis.call('HMGET', state, 'life', 'complete', 'filledAt')
local life, complete, filled_at = known[1], known[2], known[3]
if filling ~= '' and life ~= filling then
  return {'lost'}
end
if not life then
  if starting == '' then
    return {'cold'}
  end
  life, complete, filled_at = starting, completeness, false
end
local started = not known[1]
local now = tonumber(redis.call('TIME')[1])

local remembered = {}
for from = 1, started and 0 or count, 1000 do
  local ids = {}
  for i = from, math.min(from + 999, count) do
    ids[#ids + 1] = ARGV[first + (i - 1) * width]
  end
  for _, value in ipairs(redis.call('HMGET', users, unpack(ids))) do
    remembered[#remembered + 1] = value
  end
end

local function version(value)
  return (struct.unpack('>I7', value))
end

local gone, placed, noted, renamed = {}, {}, {}, {}
for i = 1, count do
  local at = first + (i - 1) * width
  local id, value, score, old = ARGV[at], ARGV[at + 1], ARGV[at + 2], remembered[i]
  if not old or version(value) > version(old) then
    noted[#noted + 1] = id
    noted[#noted + 1] = value
    local time, old_time = string.sub(value, 8, 13), old and string.sub(old, 8, 13) or ''
    if score ~= '' then
      placed[#placed + 1] = score
      placed[#placed + 1] = time .. id
      renamed[id] = old and string.sub(old, 14) ~= string.sub(value, 14)
    end
    if old_time ~= '' and old_time ~= time then
      gone[#gone + 1] = old_time .. id
    end
  end
end

local function in_parts(command, key, values)
  for from = 1, #values, 2000 do
    redis.call(command, key, unpack(values, from, math.min(from + 1999, #values)))
  end
end

local before = redis.call('ZRANGE', order, 0, size - 1, 'WITHSCORES')
if started then
  redis.call('UNLINK', order, users) -- of a life whose state was lost
  before = {}
  redis.call('HSET', state, 'life', life, 'complete', complete, 'change', '', 'recorded', '')
end
in_parts('ZADD', order, placed) -- first, because it refuses what is no score
in_parts('ZREM', order, gone)
in_parts('HSET', users, noted)

local after = redis.call('ZRANGE', order, 0, size - 1, 'WITHSCORES')
local moved = #before ~= #after
for i = 1, #after do
  moved = moved or before[i] ~= after[i] or (i % 2 == 1 and renamed[string.sub(after[i], 7)])
end
if moved then
  redis.call('HSET', state, 'change', fresh)
end

local due = 0
if filling ~= '' then
  redis.call('HSET', state, 'filledAt', now)
elseif complete == '0' and (not filled_at or now - tonumber(filled_at) > patience) then
  redis.call('HSET', state, 'filledAt', now)
  due = 1
end
return {'ok', due, #noted / 2, read_top(order, users, state, size, false)}

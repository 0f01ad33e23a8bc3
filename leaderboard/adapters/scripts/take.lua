-- Take what is newer than what is known into one board-season's ranking, and keep the total order.
-- Everything is computed before the first write, because a script that fails does not roll back;
-- scores stay strings, because Lua prints numbers with 14 digits.
--
-- The records stand in ARGV from `first` on, at most 2,000 of them, each as user id (packed), its
-- value in the hash of users (seven bytes of version, six of time, the name; of a removal the
-- version alone) and its signed score ('': a removal). With `again` a user who is known at this very
-- version is put in place once more.
-- Returns how many were taken, and whether that moved the top.
local function take(order, users, first, size, again)
  local count = (#ARGV - first + 1) / 3
  local ids = {}
  for i = 1, count do
    ids[i] = ARGV[first + 3 * i - 3]
  end
  local remembered = count > 0 and redis.call('HMGET', users, unpack(ids)) or {}

  local function version(value)
    return (struct.unpack('>I7', value))
  end

  local gone, placed, noted = {}, {}, {}
  local p, n = 0, 0
  for i = 1, count do
    local id, old = ids[i], remembered[i]
    local value, score = ARGV[first + 3 * i - 2], ARGV[first + 3 * i - 1]
    local newer = version(value)
    local ahead = old and newer - version(old) or 1
    if ahead > 0 then
      noted[n + 1], noted[n + 2], n = id, value, n + 2
    end
    if score ~= '' and (ahead > 0 or (again and old == value)) then
      placed[p + 1], placed[p + 2], p = score, member_of(id, value), p + 2
    end
    if old and ahead > 0 and #old > 7
      and (score == '' or string.sub(old, 8) ~= string.sub(value, 8)) then
      gone[#gone + 1] = member_of(id, old)
    end
  end

  local before = redis.call('ZRANGE', order, 0, size - 1, 'WITHSCORES')
  local function write(command, key, values)
    for from = 1, #values, 4000 do
      redis.call(command, key, unpack(values, from, math.min(from + 3999, #values)))
    end
  end
  write('ZADD', order, placed) -- first, because it refuses what is no score
  write('ZREM', order, gone)
  write('HSET', users, noted)

  local after = redis.call('ZRANGE', order, 0, size - 1, 'WITHSCORES')
  local moved = #before ~= #after
  for i = 1, #after do
    moved = moved or before[i] ~= after[i]
  end
  return n / 2, moved
end

-- Take what is newer than what is known into one board-season's ranking, and keep the total order.
-- Everything is computed before the first write, because a script that fails does not roll back.
-- Scores are never made into text here, because Lua prints numbers with 14 digits; commands get all of
-- them.
--
-- The records, at most 1,000 and no two of one user, are one MessagePack array, column by column, as
-- the commands take them: their signed scores and members (member.lua), both '' of a removal; their
-- user ids (packed) and their values in the hash of users (seven bytes of version, six of time, the
-- name; of a removal the version alone); their versions. With `again` a user who is known at this very
-- version is put in place once more.
-- Returns how many were taken, and whether that moved the top.
local function take(order, users, records, size, again)
  local call, version_of = redis.call, struct.unpack
  records = cmsgpack.unpack(records)
  local count = #records / 5
  local noting, versions = 2 * count, 4 * count -- what stands before those columns
  local before = call('ZRANGE', order, 0, size - 1, 'WITHSCORES')

  -- One command sees that nobody is known, as when a rebuild begins, and notes them all. Servers that
  -- do not have it (Valkey before 9) say so, and go the longer way. (Should no ZADD follow, the next
  -- rebuild puts them in place: `again`.)
  local function note_if_all_new()
    if count == 0 or call('HEXISTS', users, records[noting + 1]) == 1 then
      return false
    end
    for i = 1, count do
      if records[2 * i] == '' then
        return false
      end
    end
    return redis.pcall('HSETEX', users, 'FNX', 'FIELDS', count, unpack(records, noting + 1, versions))
      == 1
  end

  local remembered = {}
  local function look_up()
    local ids = {}
    for i = 1, count do
      ids[i] = records[noting + 2 * i - 1]
    end
    if count > 0 then
      remembered = call('HMGET', users, unpack(ids))
    end
  end

  local function is_newer(i, old)
    return not old or records[versions + i] > version_of('>I7', old)
  end

  local gone, g = {}, 0
  local function leave(id, old, member)
    local left = #old > 7 and member_of(id, old)
    if left and left ~= member then
      g = g + 1
      gone[g] = left
    end
  end

  -- Mostly all are newer and nobody is removed: then all is written as it stands.
  local placed, p_from, p_to = records, 1, noting
  local noted, n_from, n_to = records, noting + 1, versions
  local function are_all_newer()
    for i = 1, count do
      local old, member = remembered[i], records[2 * i]
      if member == '' or not is_newer(i, old) then
        return false
      end
      if old then
        leave(records[noting + 2 * i - 1], old, member)
      end
    end
    return true
  end

  local function choose()
    gone, g = {}, 0
    placed, p_from, p_to = {}, 1, 0
    noted, n_from, n_to = {}, 1, 0
    for i = 1, count do
      local score, member = records[2 * i - 1], records[2 * i]
      local id, value = records[noting + 2 * i - 1], records[noting + 2 * i]
      local old = remembered[i]
      local ahead = is_newer(i, old)
      if ahead then
        noted[n_to + 1], noted[n_to + 2], n_to = id, value, n_to + 2
      end
      if score ~= '' and (ahead or (again and old == value)) then
        placed[p_to + 1], placed[p_to + 2], p_to = score, member, p_to + 2
      end
      if old and ahead then
        leave(id, old, member)
      end
    end
  end

  local function write(command, key, values, from, to)
    for start = from, to, 4000 do
      call(command, key, unpack(values, start, math.min(start + 3999, to)))
    end
  end
  if again and note_if_all_new() then
    write('ZADD', order, placed, p_from, p_to)
  else
    look_up()
    if not are_all_newer() then
      choose()
    end
    write('ZADD', order, placed, p_from, p_to) -- first, because it refuses what is no score
    write('ZREM', order, gone, 1, g)
    write('HSET', users, noted, n_from, n_to)
  end

  local after = call('ZRANGE', order, 0, size - 1, 'WITHSCORES')
  local moved = #before ~= #after
  for i = 1, #after do
    moved = moved or before[i] ~= after[i]
  end
  return (n_to - n_from + 1) / 2, moved
end

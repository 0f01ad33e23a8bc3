-- Take what is newer than what is known into one board-season's ranking, and keep the total order.
-- Everything is computed before the first write, because a script that fails does not roll back.
-- Scores are never made into text here, because Lua prints numbers with 14 digits; commands get all of
-- them.
--
-- The records, at most 1,000 and no two of one user, are one MessagePack array, column by column, as
-- the commands take them: their user ids (packed); their signed scores and members (member.lua), both
-- '' of a removal; their user ids once more and their values in the hash of users (seven bytes of
-- version, six of time, the name; of a removal the version alone); their versions. With `again` a user
-- who is known at this very version is put in place once more.
-- Returns how many were taken, and whether that moved the top.
local function take(order, users, records, size, again)
  local call, version_of = redis.call, struct.unpack
  records = cmsgpack.unpack(records)
  local count = #records / 6
  local placing, noting, versions = count, 3 * count, 5 * count -- what stands before each column
  local remembered = count > 0 and call('HMGET', users, unpack(records, 1, count)) or {}

  local function is_newer(i, old)
    return not old or records[versions + i] > version_of('>I7', old)
  end

  local gone, g = {}, 0
  local function leave(i, old, member)
    local left = #old > 7 and member_of(records[i], old)
    if left and left ~= member then
      g = g + 1
      gone[g] = left
    end
  end

  -- Mostly all are newer and nobody is removed: then all is written as it stands.
  local placed, p_from, p_to = records, placing + 1, noting
  local noted, n_from, n_to = records, noting + 1, versions
  local function are_all_newer()
    for i = 1, count do
      local old, member = remembered[i], records[placing + 2 * i]
      if member == '' or not is_newer(i, old) then
        return false
      end
      if old then
        leave(i, old, member)
      end
    end
    return true
  end

  local function choose()
    gone, g = {}, 0
    placed, p_from, p_to = {}, 1, 0
    noted, n_from, n_to = {}, 1, 0
    for i = 1, count do
      local score, member = records[placing + 2 * i - 1], records[placing + 2 * i]
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
        leave(i, old, member)
      end
    end
  end

  if not are_all_newer() then
    choose()
  end

  local before = call('ZRANGE', order, 0, size - 1, 'WITHSCORES')
  local function write(command, key, values, from, to)
    for start = from, to, 4000 do
      call(command, key, unpack(values, start, math.min(start + 3999, to)))
    end
  end
  write('ZADD', order, placed, p_from, p_to) -- first, because it refuses what is no score
  write('ZREM', order, gone, 1, g)
  write('HSET', users, noted, n_from, n_to)

  local after = call('ZRANGE', order, 0, size - 1, 'WITHSCORES')
  local moved = #before ~= #after
  for i = 1, #after do
    moved = moved or before[i] ~= after[i]
  end
  return (n_to - n_from + 1) / 2, moved
end

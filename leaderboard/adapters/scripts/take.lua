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

  -- Mostly all are newer and nobody is removed: then all is written as it stands.
  local gone, g = {}, 0
  local function all_newer()
    for i = 1, count do
      local old, member = remembered[i], records[placing + 2 * i]
      if member == '' then
        return false
      end
      if old then
        if records[versions + i] <= version_of('>I7', old) then
          return false
        end
        if #old > 7 then
          local left = member_of(records[i], old)
          if left ~= member then
            g = g + 1
            gone[g] = left
          end
        end
      end
    end
    return true
  end

  local placed, noted, p, n = {}, {}, 0, 0
  local function choose()
    gone, g = {}, 0
    for i = 1, count do
      local score, member = records[placing + 2 * i - 1], records[placing + 2 * i]
      local id, value = records[noting + 2 * i - 1], records[noting + 2 * i]
      local old = remembered[i]
      local ahead = not old or records[versions + i] > version_of('>I7', old)
      if ahead then
        noted[n + 1], noted[n + 2], n = id, value, n + 2
      end
      if score ~= '' and (ahead or (again and old == value)) then
        placed[p + 1], placed[p + 2], p = score, member, p + 2
      end
      if old and ahead and #old > 7 then
        local left = member_of(id, old)
        if left ~= member then
          g = g + 1
          gone[g] = left
        end
      end
    end
  end

  local function write(command, key, values, from, to)
    for start = from, to, 4000 do
      call(command, key, unpack(values, start, math.min(start + 3999, to)))
    end
  end

  local as_they_stand = all_newer()
  if not as_they_stand then
    choose()
  end
  local before = call('ZRANGE', order, 0, size - 1, 'WITHSCORES')
  -- ZADD goes first, because it refuses what is no score.
  if as_they_stand then
    n = 2 * count
    write('ZADD', order, records, placing + 1, noting)
    write('ZREM', order, gone, 1, g)
    write('HSET', users, records, noting + 1, versions)
  else
    write('ZADD', order, placed, 1, p)
    write('ZREM', order, gone, 1, g)
    write('HSET', users, noted, 1, n)
  end

  local after = call('ZRANGE', order, 0, size - 1, 'WITHSCORES')
  local moved = #before ~= #after
  for i = 1, #after do
    moved = moved or before[i] ~= after[i]
  end
  return n / 2, moved
end

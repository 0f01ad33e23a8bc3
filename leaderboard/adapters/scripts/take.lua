-- Take what is newer than what is known into one board-season's ranking, and keep the total order.
-- Everything is computed before the first write, because a script that fails does not roll back.
-- Scores are never made into text here, because Lua prints numbers with 14 digits; commands get all of
-- them.
--
-- The records, at most 2,000, are one MessagePack array, column by column, as the commands take them:
-- their user ids (packed); their signed scores and members (member.lua), both '' of a removal; their
-- user ids once more and their values in the hash of users (seven bytes of version, six of time, the
-- name; of a removal the version alone). With `again` a user who is known at this very version is put
-- in place once more.
-- Returns how many were taken, and whether that moved the top.
local function take(order, users, records, size, again)
  records = cmsgpack.unpack(records)
  local count = #records / 5
  local placing, noting = 1 + count, 1 + 3 * count
  local remembered =
    count > 0 and redis.call('HMGET', users, unpack(records, 1, count)) or {}

  local function version(value)
    return (struct.unpack('>I7', value))
  end

  local gone, placed, noted = {}, {}, {}
  local p, n = 0, 0
  local function choose()
    for i = 1, count do
      local score, member = records[placing + 2 * i - 2], records[placing + 2 * i - 1]
      local id, value = records[noting + 2 * i - 2], records[noting + 2 * i - 1]
      local old = remembered[i]
      local ahead = old and version(value) - version(old) or 1
      if ahead > 0 then
        noted[n + 1], noted[n + 2], n = id, value, n + 2
      end
      if score ~= '' and (ahead > 0 or (again and old == value)) then
        placed[p + 1], placed[p + 2], p = score, member, p + 2
      end
      if old and ahead > 0 and #old > 7 then
        local left = member_of(id, old)
        if left ~= member then
          gone[#gone + 1] = left
        end
      end
    end
  end

  -- Nobody known and nobody removed, as when a rebuild begins: all of it is written as it stands.
  local all_new = true
  for i = 1, count do
    if remembered[i] or records[placing + 2 * i - 2] == '' then
      all_new = false
      break
    end
  end
  if not all_new then
    choose()
  end

  local before = redis.call('ZRANGE', order, 0, size - 1, 'WITHSCORES')
  local function write(command, key, values, from, to)
    for start = from or 1, to or #values, 4000 do
      redis.call(command, key, unpack(values, start, math.min(start + 3999, to or #values)))
    end
  end
  if all_new then
    write('ZADD', order, records, placing, noting - 1)
    write('HSET', users, records, noting, #records)
  else
    write('ZADD', order, placed) -- first, because it refuses what is no score
    write('ZREM', order, gone)
    write('HSET', users, noted)
  end

  local after = redis.call('ZRANGE', order, 0, size - 1, 'WITHSCORES')
  local moved = #before ~= #after
  for i = 1, #after do
    moved = moved or before[i] ~= after[i]
  end
  return all_new and count or n / 2, moved
end

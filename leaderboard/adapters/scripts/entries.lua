-- Read a stretch of a board-season's order, by position from 0: a flat list of member, signed
-- score and name. A member is six bytes of time and the packed user id; a user's value is seven
-- bytes of version, the same six of time, and the name ('' for the one that the id gives).
local function entries_between(order, users, first, last)
  local ranked = redis.call('ZRANGE', order, first, last, 'WITHSCORES')
  if #ranked == 0 then
    return {}
  end
  local ids = {}
  for i = 1, #ranked, 2 do
    ids[#ids + 1] = string.sub(ranked[i], 7)
  end
  local flat = {}
  for i, value in ipairs(redis.call('HMGET', users, unpack(ids))) do
    flat[#flat + 1] = ranked[2 * i - 1]
    flat[#flat + 1] = ranked[2 * i]
    flat[#flat + 1] = string.sub(value, 14)
  end
  return flat
end

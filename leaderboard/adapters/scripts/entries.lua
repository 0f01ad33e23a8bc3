-- Read a stretch of a board-season's order, by position from 0: a flat list of member and signed
-- score, and the users' values. A member is six bytes of time and the packed user id; a user's value
-- is seven bytes of version, the same six of time, and the name ('' for the one that the id gives).
-- They are put together by who asked: a loop here holds up everybody else.
local function entries_between(order, users, first, last)
  local ranked = redis.call('ZRANGE', order, first, last, 'WITHSCORES')
  if #ranked == 0 then
    return {ranked, {}}
  end
  local ids = {}
  for i = 1, #ranked, 2 do
    ids[#ids + 1] = string.sub(ranked[i], 7)
  end
  return {ranked, redis.call('HMGET', users, unpack(ids))}
end

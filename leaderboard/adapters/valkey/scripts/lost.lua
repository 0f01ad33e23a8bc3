-- Shared: sees that a ranking has lost one of its keys.
--
-- The server may lose one key of a ranking and keep the others, for example when memory is short.
-- It keeps no empty keys, so a missing key alone proves nothing. So the state remembers in `held`
-- how many of the keys `members` and `users` held something. If fewer do now, the ranking is lost,
-- like one whose state is lost.
--
-- Needs nothing.
-- Gives is_lost(members, users, held): whether the ranking with that `held` is lost, and
-- remember_held(members, users, state, held): brings `held` up to date after a write.
local function is_lost(members, users, held)
  return held and redis.call('EXISTS', members, users) < tonumber(held)
end

local function remember_held(members, users, state, held)
  local holds = redis.call('EXISTS', members, users)
  if holds ~= tonumber(held) then
    redis.call('HSET', state, 'held', holds)
  end
end

-- The server may lose one of a ranking's keys and keep the others. It has no empty keys, so the state
-- remembers in `held` how many of `order` and `users` hold something: fewer than that, and the ranking
-- is lost, like one whose state is lost.
local function is_lost(order, users, held)
  return held and redis.call('EXISTS', order, users) < tonumber(held)
end

local function hold(order, users, state, held)
  local holds = redis.call('EXISTS', order, users)
  if holds ~= tonumber(held) then
    redis.call('HSET', state, 'held', holds)
  end
end

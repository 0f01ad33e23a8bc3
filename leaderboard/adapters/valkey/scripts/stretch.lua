-- What reads of a ranking share: whether it can answer, and a stretch of it with what numbers it.

local function is_whole(order, users, state)
  local known = redis.call('HMGET', state, 'complete', 'held')
  return known[1] == '1' and not is_lost(order, users, known[2])
end

-- What a script returns at once, if anything: nothing at all of a ranking that is not whole, and of one
-- that is kept in another order than asked, that order.
local function unfit(order, users, state, asked)
  if not is_whole(order, users, state) then
    return {}
  end
  local made = redis.call('HGET', state, 'order')
  return made and made ~= asked and made
end

-- The ranking's size, the position of the first entry, how many stand better than it (who is tied
-- with it does not), and the entries: a flat list of member (as member.lua makes it) and signed score.
local function stretch(order, first, last)
  local entries = redis.call('ZRANGE', order, first, last, 'WITHSCORES')
  local better, score = 0, entries[2]
  if first > 0 and score then
    better = redis.call('ZCOUNT', order, '-inf', '(' .. score)
  end
  return {redis.call('ZCARD', order), first, better, entries}
end

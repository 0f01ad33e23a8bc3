-- Shared: what the reads of a ranking have in common.
--
-- Needs is_lost of lost.lua.
-- Gives is_whole(order, users, state): whether the ranking is complete and has all its keys;
-- refusal(order, users, state, asked): what a script must return at once, if anything: an empty list
-- for a ranking that is not whole, the order that the ranking is kept in if it is not the one asked;
-- listing(order, first, last): a list of the ranking's size, the position of the first entry (from
-- 0), how many are better than the first entry (without those of equal score), and the entries, a
-- flat list of member (see member.lua) and signed score.

local function is_whole(order, users, state)
  local known = redis.call('HMGET', state, 'complete', 'held')
  return known[1] == '1' and not is_lost(order, users, known[2])
end

local function refusal(order, users, state, asked)
  if not is_whole(order, users, state) then
    return {}
  end
  local kept_in = redis.call('HGET', state, 'order')
  return kept_in and kept_in ~= asked and kept_in
end

local function listing(order, first, last)
  local entries = redis.call('ZRANGE', order, first, last, 'WITHSCORES')
  local better, score = 0, entries[2]
  if first > 0 and score then
    better = redis.call('ZCOUNT', order, '-inf', '(' .. score)
  end
  return {redis.call('ZCARD', order), first, better, entries}
end

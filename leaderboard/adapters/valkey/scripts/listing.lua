-- Shared: what the reads of a ranking have in common.
--
-- Needs is_lost of lost.lua.
-- Gives is_whole(members, users, state): whether the ranking is complete and has all its keys;
-- refusal(members, users, state, asked): what a script must return at once, if anything: an empty list
-- for a ranking that is not whole, the order that the ranking is kept in if it is not the one asked;
-- listing(members, first, last): a list of the ranking's size, the position of the first entry (from
-- 0), how many are better than the first entry (without those of equal score), and the entries, a
-- flat list of member (see member.lua) and signed score.

local function is_whole(members, users, state)
  local known = redis.call('HMGET', state, 'complete', 'held')
  return known[1] == '1' and not is_lost(members, users, known[2])
end

local function refusal(members, users, state, asked)
  if not is_whole(members, users, state) then
    return {}
  end
  local kept_in = redis.call('HGET', state, 'order')
  return kept_in and kept_in ~= asked and kept_in
end

local function listing(members, first, last)
  local entries = redis.call('ZRANGE', members, first, last, 'WITHSCORES')
  local better, score = 0, entries[2]
  if first > 0 and score then
    better = redis.call('ZCOUNT', members, '-inf', '(' .. score)
  end
  return {redis.call('ZCARD', members), first, better, entries}
end

-- The accounts of this call, in order: their questions are answered, then their page goes back.

local answers, answer_count = {}, 0

-- Answers the questions about the account at hand: they begin at position, and their ids at ARGV[id], those that may be held
-- before the others. Returns whether to write.
local function answer_all(question_count, held_count, id)
  page_load(held_count, id)
  local fresh, writes, w = id + held_count, false, windows[1]
  for i = 1, question_count do
    local what, duration, needed, verdict, a, b, c
    what, duration, needed, position = unpack_struct('<Bdd', args, position)
    if what == 1 then
      verdict, a, b = admit(true, ARGV[fresh], duration, needed)
      fresh, writes = fresh + 1, true
    elseif what == 2 then
      verdict, a, b, c = settle(ARGV[id], duration)
      id, writes = id + 1, true
    elseif what == 0 then
      verdict, a, b = admit(false, ARGV[id], duration, needed)
      id, writes = id + 1, true
    else
      verdict, a, b = 5, 0, 0
      fresh = fresh + 1
    end
    local answer = verdict == 2 and denied_answer
    if not answer then
      answer = pack('<Bdddddd', verdict, a, b, c or 0, peek(w))
      for j = 2, window_count do answer = answer .. pack('<ddd', peek(windows[j])) end
      if verdict == 2 then denied_answer = answer end
    end
    answers[answer_count + i] = answer
  end
  return writes
end

local id = 3
for i = 1, #KEYS do
  local plan, count, held_count
  plan, count, held_count, position = unpack_struct('<BBB', args, position)
  if plan > 0 then plan_read(plan) end
  local start = position
  key = KEYS[i]
  local done, writes = pcall(answer_all, count, held_count, id)
  if not done then
    for j = 1, count do answers[answer_count + j] = '\6' .. string.rep('\0', 24 + 24 * window_count) end
  elseif writes then
    page_store()
  end
  answer_count, id, position = answer_count + count, id + count, start + 17 * count
end
return answer_count == 1 and answers[1] or table.concat(answers)

-- The questions of this call, in order; then the page goes back, and the answers to the caller.

local answers, writes = {}, false
for i = 1, question_count do
  local what, duration, needed, verdict, a, b, c
  what, duration, needed, position = struct.unpack('<Bdd', args, position)
  if what == 3 then
    verdict, a, b = 5, 0, 0
  elseif what == 2 then
    writes = true
    verdict, a, b, c = settle(ARGV[i + 3], duration)
  else
    writes = true
    verdict, a, b = admit(what == 1, ARGV[i + 3], duration, needed)
  end
  local answer = struct.pack('<Bdddddd', verdict, a, b, c or 0, peek(1))
  for j = 2, window_count do answer = answer .. struct.pack('<ddd', peek(j)) end
  answers[i] = answer
end
if writes then
  for i = 1, window_count do
    if windows[i].changed then window_store(windows[i], clock) end
  end
  if touched and #touched > 0 then holds_store() end
end
return question_count == 1 and answers[1] or table.concat(answers)

-- Answers all questions about an account, usual or not.

-- The questions begin at position, their ids at ARGV[id]. Ids that may be held come before the
-- others. Returns whether there is something to store.
local function answer_all(position, question_count, held_count, id, answer_count, found)
  account_load(held_count, id, found)
  local fresh, writes, w = id + held_count, false, windows[1]
  for i = answer_count + 1, answer_count + question_count do
    local what, label, duration, needed, verdict, a, b, c, settled
    what, label, duration, needed, position = unpack_struct('<BBdd', args, position)
    if what == ADMIT_FRESH then
      verdict, a, b = admit(true, ARGV[fresh], duration, needed, ARGV[label] or '')
      fresh, writes = fresh + 1, true
    elseif what == SETTLE then
      verdict, a, b, c, settled = settle(ARGV[id], duration, label, needed)
      id, writes = id + 1, true
    elseif what == ADMIT then
      verdict, a, b = admit(false, ARGV[id], duration, needed, ARGV[label] or '')
      id, writes = id + 1, true
    else
      verdict, a, b = PEEKED, 0, 0
      fresh = fresh + 1
    end
    local answer = verdict == DENIED and denied_answer
    if not answer then
      answer = pack('<Bdddddd', verdict, a, b, c or 0, peek(w))
      for j = 2, window_count do answer = answer .. pack('<ddd', peek(windows[j])) end
      if verdict == DENIED then
        denied_answer = answer
      elseif settled then
        answer = answer .. settled
      end
    end
    answers[i] = answer
  end
  if has_restarted and writes then
    local first = answers[answer_count + 1]
    answers[answer_count + 1] = string.char(string.byte(first) + RESTART_MARK) .. string.sub(first, 2)
  end
  return writes
end

-- Returns two functions. The second, log_write, starts the log of a usual account. The first
-- answers the question_count questions about the account whose account ledger is at account_key.
-- plan_at: where its plan begins in args. found: the fields of the account ledger that were read
-- already, or nil.
return function(plan_at, account_key, position, question_count, held_count, id, answer_count, found)
  if plan_at ~= plan then plan_read(plan_at) end
  if found and found.err then found = nil end
  key = account_key
  local done, writes = pcall(answer_all, position, question_count, held_count, id, answer_count, found)
  if not done then
    -- A server that forbids its user to read does not mean a damaged account ledger. This error
    -- comes before anything is written.
    local message = type(writes) == 'table' and writes.err or writes
    if answer_count == 0 and (type(writes) == 'table' and string.sub(message, 1, 9) ~= 'WRONGTYPE'
      or string.find(message, 'The user executing the script', 1, true)
      or string.find(message, 'ACL failure in script', 1, true)) then error(writes, 0) end
    for i = 1, question_count do
      answers[answer_count + i] = '\DAMAGED' .. string.rep('\0', 24 + 24 * window_count)
    end
  elseif writes then
    account_store()
  end
end, log_write

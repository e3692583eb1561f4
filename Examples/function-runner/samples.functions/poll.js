// Called repeatedly by one page. The response says when to call next. A page that waits so long is
// never denied; see "Polling" in docs/API.md.

exports.main = (context, sendResponse) => {
    const { executionsRemaining, timeRemaining } = context.limits;
    sendResponse({
        headers: { "Cache-Control": "no-store" },
        body: { executionsRemaining, timeRemaining, callAgainInMs: context.suggestedIntervalMs },
    });
};

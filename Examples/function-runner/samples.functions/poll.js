// Called again and again by the same page: tells it when to call next. A page that follows is never
// denied; see "Polling" in docs/API.md.

exports.main = (context, sendResponse) => {
    const { executionsRemaining, timeRemaining } = context.limits;
    sendResponse({
        headers: { "Cache-Control": "no-store" },
        body: { executionsRemaining, timeRemaining, callAgainInMs: context.suggestedIntervalMs },
    });
};

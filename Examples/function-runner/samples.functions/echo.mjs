// Responds with its context. A function may be an ES module.

export function main({ accountId, body, contact, endpoint, limits, method, params }, sendResponse) {
    const greeting = process.env.GREETING;
    sendResponse({ statusCode: 200, body: { accountId, body, contact, endpoint, greeting, limits, method, params } });
}

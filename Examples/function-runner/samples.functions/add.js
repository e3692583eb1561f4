// An action of a workflow: fields in, fields out.

exports.main = ({ inputFields }, sendResponse) => {
    sendResponse({ outputFields: { sum: Number(inputFields.first) + Number(inputFields.second) } });
};

namespace FilterProxy.Filters.Lib.Protobuf;

/// <summary>An HTTP request that stands for a method (google.api.http).</summary>
/// <param name="Method">Its method.</param>
/// <param name="Template">Its path.</param>
/// <param name="Body">The field its body is; <c>*</c> for the whole message, empty for none.</param>
/// <param name="ResponseBody">The field of the response that is sent; empty for the whole.</param>
internal sealed record HttpRule(string Method, string Template, string Body, string ResponseBody);

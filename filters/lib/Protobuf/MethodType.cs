namespace FilterProxy.Filters.Lib.Protobuf;

/// <summary>A method of a service.</summary>
/// <param name="Path">As it stands in a request: <c>/pkg.Service/Method</c>.</param>
/// <param name="Service">Its service, with the package.</param>
/// <param name="Input">What it takes.</param>
/// <param name="Output">What it returns.</param>
/// <param name="ClientStreams">Whether it takes several.</param>
/// <param name="ServerStreams">Whether it returns several.</param>
/// <param name="Rules">Its HTTP requests (google.api.http), additional bindings included.</param>
internal sealed record MethodType(
    string Path, string Service, MessageType Input, MessageType Output, bool ClientStreams, bool ServerStreams, IReadOnlyList<HttpRule> Rules);

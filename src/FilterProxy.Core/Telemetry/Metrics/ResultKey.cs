namespace FilterProxy.Core.Telemetry.Metrics;

/// <summary>How an exchange or an attempt ended, as labels tell it: few values, packed into a number to look them up by.</summary>
/// <param name="Value">The packed number.</param>
internal readonly record struct ResultKey(int Value)
{
    private static readonly string[] Methods = ["_OTHER", "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

    public ResultKey(HttpMethodKind method, int status, ProxyErrorKind error)
        : this((status << 9) | ((int)error << 4) | (int)method)
    {
    }

    /// <summary>The method, those without a name of their own as <c>_OTHER</c>.</summary>
    public string Method => Methods[Value & 15];

    public int Status => Value >> 9;

    public ProxyErrorKind Error => (ProxyErrorKind)((Value >> 4) & 31);

    /// <summary>The labels every result has; those of a failure only where there is one.</summary>
    /// <param name="reasonOf">The stable reason code of a kind.</param>
    public KeyValuePair<string, object?>[] Tags(Func<ProxyErrorKind, string> reasonOf) =>
    [
        new("http.request.method", Method),
        new("http.response.status_code", Status == 0 ? null : Status),
        new("error.type", Error != ProxyErrorKind.None ? reasonOf(Error) : Status >= 500 ? Status : null),
    ];
}

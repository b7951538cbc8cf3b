namespace FilterProxy.Filters.Script;

/// <summary>All that a script may see of a request.</summary>
internal interface IScriptRequest
{
    string Method { get; }

    /// <summary><c>http</c> or <c>https</c>.</summary>
    string Scheme { get; }

    /// <summary>Without its port, in lower case.</summary>
    string Host { get; }

    string Path { get; }

    /// <summary>Without its question mark.</summary>
    string Query { get; }

    string ClientIp { get; }

    string? Route { get; }

    bool IsAuthenticated { get; }

    string? UserName { get; }

    string? Header(string name);

    string? Cookie(string name);

    /// <summary>A query parameter, decoded.</summary>
    string? Parameter(string name);

    string? Claim(string type);

    string? GetMetadata(string ns, string key);

    void SetMetadata(string ns, string key, string? value);
}

/// <summary>All that a script may see of a response.</summary>
internal interface IScriptResponse
{
    int Status { get; }

    string Reason { get; }

    /// <summary>Since the request began, in milliseconds.</summary>
    double Duration { get; }

    string? ResponseHeader(string name);
}

/// <summary>What scripts use of the world.</summary>
internal interface IScriptHost
{
    /// <summary>Milliseconds since 1970, UTC.</summary>
    double Now();

    /// <summary>From 0 to below 1.</summary>
    double Random();

    /// <param name="level"><c>log</c>, <c>warn</c> or <c>error</c>.</param>
    /// <param name="text">What to write.</param>
    void Write(string level, string text);
}

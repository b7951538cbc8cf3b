namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>Why an agent gets no tunnel.</summary>
/// <param name="Status">The status of the reply.</param>
/// <param name="Code">A stable code, for the reply, the log and metrics.</param>
/// <param name="Detail">What exactly is wrong. Shows no secret.</param>
internal sealed record HandshakeRefusal(int Status, string Code, string Detail)
{
    /// <summary>When to ask again; null where asking again is of no use.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What the agent is told; null for <see cref="Detail"/>. Who is not known yet learns less than the log.</summary>
    public string? Told { get; init; }

    public static HandshakeRefusal Refuse(int status, string code, string detail) => new(status, code, detail);

    /// <summary>As RFC 9110 §15 and RFC 6585 call it.</summary>
    public string Phrase => Status switch
    {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        408 => "Request Timeout",
        409 => "Conflict",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        _ => "Service Unavailable",
    };
}

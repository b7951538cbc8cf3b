namespace FilterProxy.Filters.Resp;

/// <summary>What came of a command: the server's answer, which may be an error, or why there is none.</summary>
/// <param name="Value">The answer.</param>
/// <param name="Failure">Why there is none.</param>
internal readonly record struct RespReply(RespValue Value, RespFailure Failure)
{
    /// <summary>The server did what it was told.</summary>
    public bool IsDone => Failure == RespFailure.None && !Value.IsError;

    /// <summary>For a log line: what is wrong, in a few words. Holds the server's words, never the command's.</summary>
    public string Problem => Failure == RespFailure.None ? Value.Text : Failure.ToString();

    public static RespReply Of(RespValue value) => new(value, RespFailure.None);

    public static RespReply Failed(RespFailure failure) => new(RespValue.Null, failure);
}

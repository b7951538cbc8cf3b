namespace FilterProxy.Filters.Script;

/// <summary>What a script said: filled anew by each call of its engine.</summary>
internal sealed class ScriptAnswer
{
    /// <summary>The cluster it chose; null for the route's own.</summary>
    public string? Cluster { get; set; }

    /// <summary>Another path, with a query or without; null for the request's own.</summary>
    public string? Path { get; set; }

    /// <summary>Header fields to set, or to remove where the value is null.</summary>
    public List<(string Name, string? Value)> Headers { get; } = [];

    /// <summary>The status of an answer that needs no upstream; 0 for none.</summary>
    public int ReplyStatus { get; set; }

    public string ReplyBody { get; set; } = "";

    public string? ReplyType { get; set; }

    /// <summary>Header fields of that answer.</summary>
    public List<(string Name, string? Value)> ReplyHeaders { get; } = [];

    public void Clear()
    {
        (Cluster, Path, ReplyStatus, ReplyBody, ReplyType) = (null, null, 0, "", null);
        Headers.Clear();
        ReplyHeaders.Clear();
    }
}

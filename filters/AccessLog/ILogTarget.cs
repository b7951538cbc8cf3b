namespace FilterProxy.Filters.AccessLog;

/// <summary>What a sink writes whole lines to. For one thread, which may block in it.</summary>
internal interface ILogTarget : IDisposable
{
    /// <summary>Makes ready; throws where it cannot be.</summary>
    void Open();

    /// <summary>Writes lines, each with its line feed. What it throws for is given again later, all of it.</summary>
    void Write(ReadOnlySpan<byte> lines);

    /// <summary>Looks whether it still writes where its name says.</summary>
    void FollowName();

    /// <summary>Lets go of what it holds; the next write makes ready again.</summary>
    void Close();
}

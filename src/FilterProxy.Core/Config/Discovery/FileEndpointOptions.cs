namespace FilterProxy.Core.Config.Discovery;

/// <summary>Options of the <c>file</c> endpoint source.</summary>
internal sealed record FileEndpointOptions
{
    /// <summary>
    /// A YAML or JSON file with the list of endpoints, each written as in the configuration; relative to the configuration's folder.
    /// </summary>
    public required string Path { get; init; }

    /// <summary>Whether an empty list empties the cluster; otherwise the last one stays. Default: false.</summary>
    public bool AllowEmpty { get; init; }

    /// <summary>Duration between two looks at the file. Default: 1s.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);
}

namespace FilterProxy.Filters.AccessLog;

/// <summary>Options of <see cref="AccessLogFilter"/>.</summary>
public sealed record AccessLogOptions
{
    /// <summary>The form of a line.</summary>
    public AccessLogFormat Format { get; init; } = AccessLogFormat.Text;

    /// <summary>The template of a line of text; null for the default line.</summary>
    public Template? TextFormat { get; init; }

    /// <summary>Fields to add to a line of JSON, or to write instead of a default field of the same name.</summary>
    public IReadOnlyDictionary<string, Template> Fields { get; init; } = new Dictionary<string, Template>();

    /// <summary>The file to append to, relative to the configuration file; <c>/dev/stdout</c> and <c>/dev/stderr</c> mean the process's own.</summary>
    public string Path { get; init; } = "/dev/stdout";

    /// <summary>How many lines may wait for the disk. What comes then is dropped and counted.</summary>
    public int QueueSize { get; init; } = 16384;
}

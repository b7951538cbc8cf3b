using FilterProxy.Core.Components;

namespace FilterProxy.Core.Config.Includes;

/// <summary>
/// What a configuration was read from, to be watched for changes. Filled also where loading fails: the file at fault is among them.
/// Equal to any other: where something stands is no part of what it says, and configurations are compared by what they say.
/// </summary>
internal sealed class ConfigSources
{
    private readonly SortedDictionary<string, FileStamp> _files = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _folders = new(StringComparer.Ordinal);

    /// <summary>All files as they were just before they were read, the main one, included ones and those of values; some may not exist.</summary>
    public IReadOnlyCollection<FileStamp> Files => _files.Values;

    /// <summary>Full paths of the folders that were searched for a pattern: a new file there may belong to the configuration.</summary>
    public IReadOnlyCollection<string> Folders => _folders;

    /// <summary>Call it before reading the file: one that changes in between is then seen to have changed.</summary>
    public void AddFile(string path) => _files.TryAdd(path, FileStamp.Of(path));

    public void AddFolder(string path) => _folders.Add(path);

    public override bool Equals(object? obj) => obj is ConfigSources;

    public override int GetHashCode() => 0;
}

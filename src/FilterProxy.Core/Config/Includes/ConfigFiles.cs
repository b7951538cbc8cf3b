using FilterProxy.Core.Config.Tree;

namespace FilterProxy.Core.Config.Includes;

/// <summary>Reads a configuration file and all it includes, the including file before what it includes.</summary>
internal sealed class ConfigFiles(Func<string, string?> environment, ConfigSources sources, ConfigErrors errors)
{
    private const int LargestFile = 4 << 20;
    private const int MostFiles = 10_000;

    private readonly List<ConfigMapping> _parts = [];
    private readonly List<OpenFile> _open = [];
    private readonly Dictionary<string, SourceLocation> _included = new(StringComparer.Ordinal);

    /// <summary>The documents of the file at this path; empty when it cannot be read.</summary>
    public IReadOnlyList<ConfigMapping> Read(string path)
    {
        var place = new SourceLocation(path, 0, 0);
        if (ReadBytes(path, place, "", out var text))
        {
            Take(text, path);
        }

        return _parts;
    }

    /// <summary>As <see cref="Read"/>, of a text; <paramref name="file"/> is what messages call it and where it would stand.</summary>
    public IReadOnlyList<ConfigMapping> ReadText(string text, string file)
    {
        Take(text, file);
        return _parts;
    }

    private void Take(string text, string file)
    {
        var isIncluded = _open.Count > 0;
        if (isIncluded && IsBlank(text))
        {
            errors.Add(new SourceLocation(file, 1, 1), "the file is empty", "was it cut short? '{}' says that nothing is meant");
            return;
        }

        switch (YamlTreeReader.Read(text, file, environment, errors, sources))
        {
            case null:
                break;
            case ConfigMapping part:
                _parts.Add(part);
                _open.Add(new OpenFile(Path.GetFullPath(file), file));
                Follow(part, file);
                _open.RemoveAt(_open.Count - 1);
                break;
            case ConfigScalar { IsNull: true }:
                errors.Add(new SourceLocation(file, 1, 1), "the configuration is empty");
                break;
            case var other:
                errors.Add(other.Location, $"expected a mapping, got {other.Description}");
                break;
        }
    }

    private void Follow(ConfigMapping part, string file)
    {
        var items = part.Find("include")?.Value switch
        {
            ConfigSequence list => list.Items,
            null or ConfigScalar { IsNull: true } => [],
            var single => [single],
        };

        // What is no text is the binder's to refuse in the main file; in others nobody else looks.
        foreach (var item in items)
        {
            if (item is ConfigScalar { IsNull: false } pattern)
            {
                Include(pattern, file);
            }
            else if (_open.Count > 1)
            {
                errors.Add(item.Location, $"expected a text, got {item.Description}");
            }
        }
    }

    private void Include(ConfigScalar pattern, string file)
    {
        var folder = Path.GetDirectoryName(file) ?? "";
        foreach (var name in IncludePattern.Expand(pattern, folder, sources, errors))
        {
            var path = Path.GetFullPath(name);
            if (_open.FindIndex(open => open.Path == path) is >= 0 and var start)
            {
                var chain = _open.Skip(start).Select(open => Path.GetFileName(open.Name)).Append(Path.GetFileName(name));
                errors.Add(pattern.Location, $"'{Path.GetFileName(name)}' includes itself", string.Join(" → ", chain));
            }
            else if (!_included.TryAdd(path, pattern.Location))
            {
                errors.Add(pattern.Location, $"'{name}' is included twice", $"first at {_included[path]}");
            }
            else if (_included.Count > MostFiles)
            {
                errors.Add(pattern.Location, $"more than {MostFiles} files are included");
                return;
            }
            else if (ReadBytes(name, pattern.Location, $"'{name}': ", out var text))
            {
                Take(text, name);
            }
        }
    }

    private bool ReadBytes(string path, SourceLocation place, string prefix, out string text)
    {
        text = "";
        if (path.Length > 0)
        {
            sources.AddFile(Path.GetFullPath(path));
        }

        if (!FileText.TryRead(path, LargestFile, out var bytes, out var error, out var hint))
        {
            var help = prefix.Length > 0 && hint is null ? $"looked for {Path.GetFullPath(path)}" : hint;
            errors.Add(place, prefix + error, help);
            return false;
        }

        if (!FileText.TryDecode(bytes, out text, out _))
        {
            // What could be decoded is what stands before the first wrong byte.
            var location = new SourceLocation(path, text.AsSpan().Count('\n') + 1, text.Length - text.LastIndexOf('\n'));
            errors.Add(location, "this is not UTF-8 text", "save the file as UTF-8");
            return false;
        }

        return true;
    }

    private static bool IsBlank(string text)
    {
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            var content = line.Trim();
            if (!content.IsEmpty && content[0] != '#')
            {
                return false;
            }
        }

        return true;
    }

    private sealed record OpenFile(string Path, string Name);
}

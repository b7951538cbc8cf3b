using FilterProxy.Core.Config.Includes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace FilterProxy.Core.Config.Tree;

/// <summary>
/// Reads YAML (and with it JSON) into a tree that knows the place of every node. Takes what a configuration needs: one document,
/// text keys, anchors, merge keys. Refuses tags, duplicate keys and documents that grow out of bounds when aliases are followed.
/// </summary>
internal sealed class YamlTreeReader
{
    private const int MaxDepth = 64;
    private const int MaxNodes = 500_000;

    private readonly Dictionary<string, ConfigNode> _anchors = new(StringComparer.Ordinal);
    private readonly string _text;
    private readonly string _file;
    private readonly Func<string, string?> _environment;
    private readonly ConfigErrors _errors;
    private readonly ConfigSources _sources;
    private readonly Parser _parser;
    private Mark _last = Mark.Empty;
    private long _nodes;

    private YamlTreeReader(string text, string file, Func<string, string?> environment, ConfigErrors errors, ConfigSources sources)
    {
        (_text, _file, _environment, _errors, _sources) = (text, file, environment, errors, sources);
        _parser = new Parser(new Scanner(new StringReader(text), skipComments: true));
    }

    /// <summary>
    /// The tree of <paramref name="text"/>, or null where there is none to go on with. There may be errors with a tree: what they are
    /// about was left out of it.
    /// </summary>
    /// <param name="text">The document.</param>
    /// <param name="file">What messages call it; files named in values are relative to it.</param>
    /// <param name="environment">The environment variables.</param>
    /// <param name="errors">Takes what is wrong.</param>
    /// <param name="sources">Takes the files that were put into values.</param>
    public static ConfigNode? Read(
        string text, string file, Func<string, string?> environment, ConfigErrors errors, ConfigSources? sources = null)
    {
        if (YamlSyntax.FindForbidden(text) is var (line, column, what))
        {
            errors.Add(new SourceLocation(file, line, column), what);
            return null;
        }

        return new YamlTreeReader(text, file, environment, errors, sources ?? new ConfigSources()).ReadDocument();
    }

    private ConfigNode? ReadDocument()
    {
        try
        {
            Next();
            if (Next() is StreamEnd)
            {
                _errors.Add(new SourceLocation(_file, 1, 1), "the configuration is empty");
                return null;
            }

            Next();
            var root = ReadNode(0);
            if (root is null)
            {
                return null;
            }

            Next();
            if (Next() is DocumentStart second)
            {
                _errors.Add(At(second.Start), "a second document begins here", "one file holds one document; remove the '---'");
            }

            return root;
        }
        catch (YamlException error)
        {
            var (line, column, message, hint) = YamlSyntax.Explain(error, _text);
            _errors.Add(new SourceLocation(_file, line, column), message, hint);
            return null;
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // The scanner gives up with exceptions of its own on some documents that are cut short.
            _errors.Add(At(_last), "this is not valid YAML after here", "is a bracket, brace or quote left open?");
            return null;
        }
    }

    private ParsingEvent Next()
    {
        _parser.MoveNext();
        var current = _parser.Current!;
        _last = current.Start;
        return current;
    }

    // Reads the node whose first event is the parser's current one; null is "give up", already reported.
    private ConfigNode? ReadNode(int depth)
    {
        var start = _parser.Current!;
        if (depth > MaxDepth)
        {
            return GiveUp(start, "this is nested too deeply");
        }

        if (start is AnchorAlias alias)
        {
            return Follow(alias);
        }

        if (++_nodes > MaxNodes)
        {
            return GiveUp(start, "the configuration is too large");
        }

        var properties = (NodeEvent)start;
        if (!properties.Tag.IsEmpty)
        {
            _errors.Add(At(start.Start), $"tags like '{properties.Tag.Value}' are not supported", "remove it");
        }

        ConfigNode? node = start switch
        {
            Scalar scalar => ReadScalar(scalar),
            SequenceStart => ReadSequence(start, depth),
            _ => ReadMapping(start, depth),
        };
        if (node is not null && !properties.Anchor.IsEmpty)
        {
            _anchors[properties.Anchor.Value] = node;
        }

        return node;
    }

    private ConfigNode? Follow(AnchorAlias alias)
    {
        if (!_anchors.TryGetValue(alias.Value.Value, out var target))
        {
            _errors.Add(
                At(alias.Start),
                $"there is no anchor '&{alias.Value.Value}' before this alias",
                $"to begin a text with '*', quote it: '*{alias.Value.Value}'");
            return new ConfigScalar(At(alias.Start), "", isNull: true);
        }

        _nodes += target.Size;
        return _nodes > MaxNodes ? GiveUp(alias, "aliases make the configuration too large") : target;
    }

    private ConfigScalar ReadScalar(Scalar scalar)
    {
        var plain = scalar.Style == ScalarStyle.Plain;
        if (plain && scalar.Value is "" or "~" or "null" or "Null" or "NULL")
        {
            return new ConfigScalar(At(scalar.Start), "", isNull: true);
        }

        if (!EnvironmentText.TryExpand(scalar.Value, _environment, ReadFile, out var expanded, out var position, out var error, out var hint))
        {
            // Only in plain text on one line do positions in the value and in the file agree.
            var offset = plain && scalar.Start.Line == scalar.End.Line ? position : 0;
            _errors.Add(new SourceLocation(_file, (int)scalar.Start.Line, (int)scalar.Start.Column + offset), error, hint);
            return new ConfigScalar(At(scalar.Start), scalar.Value);
        }

        if (expanded.IsSecret)
        {
            _errors.Hide(expanded.Text);
        }

        var written = expanded.Text == scalar.Value ? null : scalar.Value;
        return new ConfigScalar(At(scalar.Start), expanded.Text, written: written, isSecret: expanded.IsSecret);
    }

    private bool ReadFile(string path, out string text, out string error, out string hint) =>
        SecretFile.TryRead(path, Path.GetDirectoryName(_file) ?? "", _sources, out text, out error, out hint);

    private ConfigSequence? ReadSequence(ParsingEvent start, int depth)
    {
        var items = new List<ConfigNode>();
        while (Next() is not SequenceEnd)
        {
            if (ReadNode(depth + 1) is not { } item)
            {
                return null;
            }

            items.Add(item);
        }

        return new ConfigSequence(At(start.Start), items);
    }

    private ConfigMapping? ReadMapping(ParsingEvent start, int depth)
    {
        var entries = new List<ConfigEntry>();
        var merges = new List<ConfigEntry>();
        var seen = new Dictionary<string, SourceLocation>(StringComparer.Ordinal);
        while (Next() is not MappingEnd)
        {
            var key = _parser.Current!;
            var name = (key as Scalar)?.Value;
            if (name is null && ReadNode(depth + 1) is null)
            {
                return null;
            }

            Next();
            if (ReadNode(depth + 1) is not { } value)
            {
                return null;
            }

            if (name is null)
            {
                _errors.Add(At(key.Start), "a key must be a plain text");
            }
            else if (!seen.TryAdd(name, At(key.Start)))
            {
                _errors.Add(At(key.Start), $"duplicate key '{name}'", $"first at line {seen[name].Line}");
            }
            else
            {
                (name == "<<" ? merges : entries).Add(new ConfigEntry(name, At(key.Start), value));
            }
        }

        foreach (var merge in merges)
        {
            AddMerged(merge.Value, entries, seen);
        }

        return new ConfigMapping(At(start.Start), entries);
    }

    // The merge key: what the mapping says itself goes first, then earlier sources before later ones.
    private void AddMerged(ConfigNode source, List<ConfigEntry> entries, Dictionary<string, SourceLocation> seen)
    {
        switch (source)
        {
            case ConfigMapping mapping:
                entries.AddRange(mapping.Entries.Where(entry => seen.TryAdd(entry.Name, entry.Location)));
                break;
            case ConfigSequence sequence when sequence.Items.All(item => item is ConfigMapping):
                foreach (var item in sequence.Items)
                {
                    AddMerged(item, entries, seen);
                }

                break;
            default:
                _errors.Add(source.Location, $"expected a mapping to merge, got {source.Description}");
                break;
        }
    }

    private ConfigNode? GiveUp(ParsingEvent at, string message)
    {
        _errors.Add(At(at.Start), message);
        return null;
    }

    private SourceLocation At(Mark mark) => new(_file, (int)mark.Line, (int)mark.Column);
}

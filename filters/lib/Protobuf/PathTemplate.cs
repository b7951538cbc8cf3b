namespace FilterProxy.Filters.Lib.Protobuf;

/// <summary>
/// The path of a google.api.http rule: segments, <c>*</c>, <c>**</c> at the end, <c>{field}</c>, <c>{field=pattern}</c>, and a verb behind
/// a colon.
/// </summary>
internal sealed class PathTemplate
{
    private readonly List<string> _segments = [];
    private readonly List<(string Field, int From, int To)> _variables = [];
    private readonly string _verb;

    private PathTemplate(string verb) => _verb = verb;

    /// <summary>How exact it is: of two that fit, the one with more literal segments is meant.</summary>
    public int Literals => _segments.Count(s => s is not ("*" or "**"));

    /// <exception cref="ProtobufException">It is no such path.</exception>
    public static PathTemplate Parse(string text)
    {
        if (text.Length == 0 || text[0] != '/')
        {
            throw new ProtobufException($"the path '{text}' does not begin with a slash");
        }

        var colon = text.LastIndexOf(':');
        var hasVerb = colon > text.LastIndexOf('/') && colon > text.LastIndexOf('}');
        var template = new PathTemplate(hasVerb ? text[(colon + 1)..] : "");
        var rest = hasVerb ? text[1..colon] : text[1..];
        while (rest.Length > 0)
        {
            if (rest[0] == '{')
            {
                var end = rest.IndexOf('}');
                if (end < 0)
                {
                    throw new ProtobufException($"a brace of the path '{text}' does not close");
                }

                template.AddVariable(rest[1..end]);
                rest = rest[(end + 1)..];
            }
            else
            {
                var end = rest.IndexOf('/');
                template._segments.Add(end < 0 ? rest : rest[..end]);
                rest = end < 0 ? "" : rest[end..];
            }

            rest = rest.TrimStart('/');
        }

        var many = template._segments.IndexOf("**");
        return many < 0 || many == template._segments.Count - 1 ? template : throw new ProtobufException($"** is not the end of the path '{text}'");
    }

    /// <summary>The fields a path sets, if it fits.</summary>
    public bool TryMatch(string path, out List<(string Field, string Value)> values)
    {
        values = [];
        if (_verb.Length > 0)
        {
            if (!path.EndsWith(":" + _verb, StringComparison.Ordinal))
            {
                return false;
            }

            path = path[..^(_verb.Length + 1)];
        }

        var parts = path.TrimStart('/').Split('/');
        var toTheEnd = _segments.Count > 0 && _segments[^1] == "**";
        if (toTheEnd ? parts.Length < _segments.Count - 1 : parts.Length != _segments.Count)
        {
            return false;
        }

        for (var i = 0; i < _segments.Count; i++)
        {
            if (_segments[i] == "**")
            {
                break;
            }

            if (_segments[i] == "*" ? parts[i].Length == 0 : _segments[i] != Uri.UnescapeDataString(parts[i]))
            {
                return false;
            }
        }

        foreach (var (field, from, to) in _variables)
        {
            var last = to == _segments.Count && toTheEnd ? parts.Length : to;

            // A variable of several segments keeps encoded slashes apart from those between them.
            values.Add((field, string.Join('/', parts[from..last].Select(part => last - from > 1
                ? Uri.UnescapeDataString(part.Replace("%2F", "%252F", StringComparison.OrdinalIgnoreCase))
                : Uri.UnescapeDataString(part)))));
        }

        return true;
    }

    private void AddVariable(string text)
    {
        var equals = text.IndexOf('=');
        var from = _segments.Count;
        _segments.AddRange((equals < 0 ? "*" : text[(equals + 1)..]).Split('/'));
        _variables.Add((equals < 0 ? text : text[..equals], from, _segments.Count));
    }
}

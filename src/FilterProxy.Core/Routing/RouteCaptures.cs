namespace FilterProxy.Core.Routing;

/// <summary>
/// What the parameters of the matched pattern stood for: ranges of the path that was matched. Belongs to an exchange and is
/// filled anew by each <see cref="RouteTable{T}.TryMatch"/>.
/// </summary>
internal sealed class RouteCaptures
{
    /// <summary>Most parameters a pattern may have.</summary>
    public const int Capacity = 16;

    private const int InitialRoom = 4;

    private ByteRange[] _ranges = [];
    private string[] _names = [];
    private int _pushed;

    public int Count => _names.Length;

    /// <summary>Where in the head block the path was that these ranges are relative to; later rewrites do not move it.</summary>
    internal ByteRange MatchedPath { get; private set; }

    public string GetName(int index) => _names[index];

    public ByteRange GetRange(int index) => _ranges[index];

    /// <summary>The bytes a parameter stood for, given the path that was matched.</summary>
    public bool TryGet(string name, ReadOnlySpan<byte> path, out ReadOnlySpan<byte> value)
    {
        var found = TryGetRange(name, out var range) && range.End <= path.Length;
        value = found ? path.Slice(range.Start, range.Length) : default;
        return found;
    }

    /// <summary>The bytes a parameter stood for, whatever has become of the path since.</summary>
    public bool TryGet(string name, RequestHead head, out ReadOnlySpan<byte> value) =>
        TryGet(name, head.Block.Slice(MatchedPath.Start, MatchedPath.Length), out value);

    public bool TryGetRange(string name, out ByteRange range)
    {
        var names = _names;
        for (var i = 0; i < names.Length; i++)
        {
            if (names[i] == name)
            {
                range = _ranges[i];
                return true;
            }
        }

        range = default;
        return false;
    }

    internal void Reset(ByteRange path)
    {
        MatchedPath = path;
        _names = [];
        _pushed = 0;
    }

    internal void Push(ByteRange range)
    {
        if (_pushed == _ranges.Length)
        {
            Array.Resize(ref _ranges, Math.Max(InitialRoom, _pushed * 2));
        }

        _ranges[_pushed++] = range;
    }

    internal void Pop() => _pushed--;

    /// <summary>Ends a match. The ranges were taken on the way down; only the pattern knows what they are called.</summary>
    internal void Name(string[] names) => _names = names;
}

using System.Text;

namespace FilterProxy.Filters.Headers;

/// <summary>One edit of a head, checked and ready to apply.</summary>
internal sealed class HeaderEdit(HeaderEditKind kind, string name, Template? value)
{
    private readonly byte[]? _constant = value is not null && value.TryGetConstant(out var bytes) ? bytes.ToArray() : null;
    private int _reported;

    public HeaderEditKind Kind { get; } = kind;

    public string Name { get; } = name;

    public byte[] NameBytes { get; } = Encoding.Latin1.GetBytes(name);

    public Template? Value { get; } = value;

    /// <summary>The value, when it is the same for every exchange.</summary>
    public byte[]? Constant => _constant;

    /// <summary>True once: a hostile client must not fill the log.</summary>
    public bool ReportFirstDrop() => Interlocked.Exchange(ref _reported, 1) == 0;
}

/// <summary>What a <see cref="HeaderEdit"/> does.</summary>
internal enum HeaderEditKind
{
    Remove,
    Set,
    Append,
}

using FilterProxy.Filters.Waf.Patterns;

namespace FilterProxy.Filters.Waf.Collections;

/// <summary>A value as some transformations leave it, with the marks of the literals found in it.</summary>
internal sealed class Form
{
    private readonly Form? _twin;
    private ulong[]? _marks;

    /// <param name="text">Bytes as Latin-1.</param>
    /// <param name="twin">A form that differs in case alone: its marks are this one's.</param>
    public Form(string text, Form? twin = null)
    {
        Text = text;
        _twin = twin?._twin ?? twin;
    }

    public string Text { get; }

    /// <summary>Whether a literal of this owner is in it.</summary>
    public bool Has(LiteralSearch search, int owners, int owner)
    {
        var marks = _twin is null ? Marks(search, owners) : _twin.Marks(search, owners);
        return (marks[owner >> 6] & (1UL << (owner & 63))) != 0;
    }

    private ulong[] Marks(LiteralSearch search, int owners)
    {
        if (_marks is null)
        {
            _marks = new ulong[(owners + 63) / 64];
            search.Mark(Text, _marks);
        }

        return _marks;
    }
}

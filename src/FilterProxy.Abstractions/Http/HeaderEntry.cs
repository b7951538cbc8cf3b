using System.Runtime.InteropServices;

namespace FilterProxy;

/// <summary>One field of a <see cref="HeaderMap"/>: offsets into its block.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct HeaderEntry
{
    public int NameStart;
    public int ValueStart;
    public int ValueLength;
    public ushort NameLength;
    public KnownHeader Known;

    /// <summary>The block holds the field as <c>name: value CRLF</c> in one run, ready to be copied out.</summary>
    public bool IsLine;

    /// <summary>End of the line when <see cref="IsLine"/>.</summary>
    public readonly int LineEnd => ValueStart + ValueLength + 2;
}

using System.Buffers;

namespace FilterProxy.Filters.Waf.Transformations;

/// <summary>The transformations by name.</summary>
internal static class TransformationTable
{
    private static readonly SearchValues<char> Percent = SearchValues.Create("%+");
    private static readonly SearchValues<char> Backslash = SearchValues.Create("\\");
    private static readonly SearchValues<char> White = SearchValues.Create(" \t\n\v\f\r\u00a0");
    private static readonly SearchValues<char> Upper = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    private static readonly SearchValues<char> Lower = SearchValues.Create("abcdefghijklmnopqrstuvwxyz");
    private static readonly SearchValues<char> High = SearchValues.Create([.. Enumerable.Range(0x80, 0x80).Select(value => (char)value)]);
    private static readonly SearchValues<char> Nul = SearchValues.Create("\0");
    private static readonly SearchValues<char> Comment = SearchValues.Create("/*-#");

    private static readonly Dictionary<string, Transformation> Fixed = Create().ToDictionary(item => item.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>The names there are, for messages.</summary>
    public static IEnumerable<string> Names => Fixed.Keys;

    /// <summary>The transformation of a name, or null.</summary>
    /// <param name="name">As rules write it.</param>
    /// <param name="unicode">The mapping of <c>urlDecodeUni</c>.</param>
    public static Transformation? Find(string name, UnicodeMap unicode)
    {
        if (name.Equals("urlDecodeUni", StringComparison.OrdinalIgnoreCase))
        {
            return new Transformation("urlDecodeUni", (input, output) => UrlCodec.DecodeUnicode(input, output, unicode), Percent);
        }

        if (name.StartsWith("normalize", StringComparison.OrdinalIgnoreCase))
        {
            name = "normalise" + name["normalize".Length..];
        }

        return Fixed.GetValueOrDefault(name);
    }

    private static Transformation[] Create() =>
    [
        new("base64Decode", Base64Codec.Decode),
        new("base64DecodeExt", Base64Codec.DecodeLenient),
        new("base64Encode", Base64Codec.Encode, Growth: 2),
        new("cmdLine", CommandLine.Rewrite),
        new("compressWhitespace", Whitespace.Compress, White),
        new("cssDecode", CssCodec.Decode, Backslash, Growth: 2),
        new("escapeSeqDecode", EscapeCodec.Decode, Backslash),
        new("hexDecode", HexCodec.Decode),
        new("hexEncode", HexCodec.Encode, Growth: 2),
        new("htmlEntityDecode", HtmlCodec.Decode, SearchValues.Create("&")),
        new("jsDecode", JsCodec.Decode, Backslash),
        new("length", Digests.Length),
        new("lowercase", Whitespace.Lower, Upper),
        new("md5", Digests.Md5),
        new("normalisePath", PathNormalizer.Normalize),
        new("normalisePathWin", PathNormalizer.NormalizeWindows),
        new("parityEven7bit", Parity.Even),
        new("parityOdd7bit", Parity.Odd),
        new("parityZero7bit", Parity.Zero, High),
        new("removeComments", Comments.Remove, Comment),
        new("removeCommentsChar", Comments.RemoveMarks, Comment),
        new("removeNulls", Whitespace.RemoveNulls, Nul),
        new("removeWhitespace", Whitespace.Remove, White),
        new("replaceComments", Comments.Replace, SearchValues.Create("/")),
        new("replaceNulls", Whitespace.ReplaceNulls, Nul),
        new("sha1", Digests.Sha1),
        new("sqlHexDecode", HexCodec.DecodeSql, SearchValues.Create("xX")),
        new("trim", Whitespace.Trim),
        new("trimLeft", Whitespace.TrimLeft),
        new("trimRight", Whitespace.TrimRight),
        new("uppercase", Whitespace.Upper, Lower),
        new("urlDecode", UrlCodec.Decode, Percent),
        new("urlEncode", UrlCodec.Encode, Growth: 3),
        new("utf8toUnicode", Utf8Codec.ToUnicode, High, Growth: 3),
    ];
}

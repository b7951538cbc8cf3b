using System.Globalization;
using System.Text;
using System.Text.Json;
using FilterProxy.Filters.Waf.Engine;
using FilterProxy.Filters.Waf.Language;
using FilterProxy.Filters.Waf.Transformations;

namespace FilterProxy.Filters.Waf.Bodies;

/// <summary>Reads a body as JSON: each value becomes an argument named by its path, <c>json.user.name</c>, <c>json.items.array_0</c>.</summary>
internal sealed class JsonBodyReader(Transaction transaction)
{
    private readonly List<(string Name, int Index)> _path = [];

    public void Read(ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty)
        {
            return;
        }

        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = transaction.Settings.JsonDepthLimit });
            var name = "json";
            while (reader.Read())
            {
                if (!Take(ref reader, ref name))
                {
                    transaction.FailBody("JSON: too many arguments");
                    return;
                }
            }
        }
        catch (JsonException e)
        {
            transaction.FailBody("JSON parsing error: " + e.Message);
        }
    }

    private bool Take(ref Utf8JsonReader reader, ref string name)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.PropertyName:
                name = Join(Text(ref reader));
                return true;
            case JsonTokenType.StartObject:
                _path.Add((NextName(name), -1));
                return true;
            case JsonTokenType.StartArray:
                _path.Add((NextName(name), 0));
                return true;
            case JsonTokenType.EndObject or JsonTokenType.EndArray:
                _path.RemoveAt(_path.Count - 1);
                return true;
            case JsonTokenType.Null:
                return transaction.AddArgument(Variable.ArgsPost, NextName(name), "");
            default:
                return transaction.AddArgument(Variable.ArgsPost, NextName(name), Text(ref reader));
        }
    }

    private string Join(string key) => _path.Count == 0 ? key : $"{_path[^1].Name}.{key}";

    // The name of a value: its key's, or its place in an array.
    private string NextName(string name)
    {
        if (_path.Count == 0 || _path[^1].Index < 0)
        {
            return name;
        }

        var (array, index) = _path[^1];
        _path[^1] = (array, index + 1);
        return string.Create(CultureInfo.InvariantCulture, $"{array}.array_{index}");
    }

    private static string Text(ref Utf8JsonReader reader) =>
        reader.ValueIsEscaped ? Unescape(reader.ValueSpan) : Encoding.Latin1.GetString(reader.ValueSpan);

    // By hand: bytes that are no UTF-8 are looked at like others, and are no error.
    private static string Unescape(ReadOnlySpan<byte> escaped)
    {
        var source = Encoding.Latin1.GetString(escaped);
        var output = new StringBuilder(source.Length);
        for (var at = 0; at < source.Length; at++)
        {
            if (source[at] != '\\')
            {
                output.Append(source[at]);
                continue;
            }

            at++;
            if (source[at] == 'u')
            {
                var code = Hex.Read(source, at + 1, 4);
                at += 4;
                if (char.IsHighSurrogate((char)code) && at + 6 < source.Length && source[at + 1] == '\\' && source[at + 2] == 'u')
                {
                    var low = Hex.Read(source, at + 3, 4);
                    if (char.IsLowSurrogate((char)low))
                    {
                        code = char.ConvertToUtf32((char)code, (char)low);
                        at += 6;
                    }
                }

                Append(output, code);
            }
            else
            {
                output.Append(EscapeCodec.Letter(source[at]));
            }
        }

        return output.ToString();
    }

    private static void Append(StringBuilder output, int code)
    {
        Span<byte> utf8 = stackalloc byte[4];
        var length = (Rune.IsValid(code) ? new Rune(code) : Rune.ReplacementChar).EncodeToUtf8(utf8);
        foreach (var value in utf8[..length])
        {
            output.Append((char)value);
        }
    }
}

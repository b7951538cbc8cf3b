using System.Buffers;
using System.Text;
using FilterProxy.Filters.Waf.Engine;
using FilterProxy.Filters.Waf.Language;

namespace FilterProxy.Filters.Waf.Bodies;

/// <summary>Reads a request's body with the processor its type or a rule asks for.</summary>
internal static class BodyReader
{
    /// <summary>The processor of a media type; null where there is none.</summary>
    public static string? ProcessorOf(string contentType)
    {
        var end = contentType.AsSpan().IndexOfAny(';', ',', ' ');
        var type = (end < 0 ? contentType : contentType[..end]).Trim();
        if (Is(type, "application/x-www-form-urlencoded"))
        {
            return "URLENCODED";
        }

        if (Is(type, "multipart/form-data"))
        {
            return "MULTIPART";
        }

        if (Is(type, "application/json") || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase))
        {
            return "JSON";
        }

        return Is(type, "application/xml") || Is(type, "text/xml") || type.EndsWith("+xml", StringComparison.OrdinalIgnoreCase) ? "XML" : null;
    }

    public static void Read(ReadOnlySequence<byte> body, Transaction transaction)
    {
        var bytes = body.IsSingleSegment ? body.First : body.ToArray();
        if (transaction.ForcesRequestBody || transaction.BodyProcessor == "URLENCODED")
        {
            transaction.Set(Variable.RequestBody, Encoding.Latin1.GetString(bytes.Span));
        }

        if (transaction.BodyProcessor is not ("" or "MULTIPART"))
        {
            transaction.CountWithoutFiles(body.Length);
        }

        switch (transaction.BodyProcessor)
        {
            case "":
                break;
            case "URLENCODED":
                transaction.AddArguments(transaction.First(Variable.RequestBody, null), Variable.ArgsPost);
                break;
            case "MULTIPART":
                new MultipartReader(transaction).Read(bytes.Span);
                break;
            case "JSON":
                new JsonBodyReader(transaction).Read(bytes.Span);
                break;
            case "XML":
                XmlBodyReader.Read(bytes, transaction);
                break;
            default:
                transaction.FailBody($"there is no body processor {transaction.BodyProcessor}");
                break;
        }
    }

    private static bool Is(string type, string name) => type.Equals(name, StringComparison.OrdinalIgnoreCase);
}

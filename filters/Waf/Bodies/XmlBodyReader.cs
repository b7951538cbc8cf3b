using System.Runtime.InteropServices;
using System.Xml;
using System.Xml.XPath;
using FilterProxy.Filters.Waf.Engine;

namespace FilterProxy.Filters.Waf.Bodies;

/// <summary>Reads a body as XML. A document with a DTD is refused: entities would reach beyond it.</summary>
internal static class XmlBodyReader
{
    private const int MaxDepth = 512;

    private static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        IgnoreComments = false,
        CloseInput = true,
    };

    public static void Read(ReadOnlyMemory<byte> body, Transaction transaction)
    {
        if (body.IsEmpty)
        {
            return;
        }

        try
        {
            CheckDepth(body);
            using var reader = XmlReader.Create(Open(body), Settings);
            transaction.Document = new XPathDocument(reader, XmlSpace.Preserve).CreateNavigator();
        }
        catch (Exception e) when (e is XmlException or InvalidOperationException or ArgumentException)
        {
            transaction.FailBody("XML parsing error: " + e.Message);
        }
    }

    private static void CheckDepth(ReadOnlyMemory<byte> body)
    {
        using var reader = XmlReader.Create(Open(body), Settings);
        while (reader.Read())
        {
            if (reader.Depth > MaxDepth)
            {
                throw new XmlException($"elements are nested more than {MaxDepth} deep");
            }
        }
    }

    private static MemoryStream Open(ReadOnlyMemory<byte> body) => MemoryMarshal.TryGetArray(body, out var segment)
        ? new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false)
        : new MemoryStream(body.ToArray(), writable: false);
}

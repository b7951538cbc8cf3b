using System.Text;

namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>Writes the head of a message.</summary>
internal static class HeadText
{
    public static byte[] Write(string startLine, IEnumerable<(string Name, string Value)> fields)
    {
        var text = new StringBuilder(startLine).Append("\r\n");
        foreach (var (name, value) in fields)
        {
            text.Append(name).Append(": ").Append(value).Append("\r\n");
        }

        return Encoding.ASCII.GetBytes(text.Append("\r\n").ToString());
    }
}

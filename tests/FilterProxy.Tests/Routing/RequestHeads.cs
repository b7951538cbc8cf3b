using System.Text;

namespace FilterProxy.Tests.Routing;

/// <summary>Request heads as the parser leaves them, made from text.</summary>
internal static class RequestHeads
{
    public static RequestHead Get(string target, string host = "example.com", params (string Name, string Value)[] headers) =>
        Make("GET", target, host, headers);

    public static RequestHead Make(string method, string target, string host = "example.com", params (string Name, string Value)[] headers)
    {
        var block = new HeadBlock();
        var head = new RequestHead(block);
        var question = target.IndexOf('?', StringComparison.Ordinal);
        var path = Append(block, question < 0 ? target : target[..question]);
        var query = question < 0 ? default : Append(block, target[(question + 1)..]);
        head.SetMethod(Encoding.ASCII.GetBytes(method));
        head.SetPathAndQuery(path, query, question >= 0);
        head.SetAuthority(Append(block, host));
        foreach (var (name, value) in headers)
        {
            head.Headers.Append(name, value);
        }

        return head;
    }

    private static ByteRange Append(HeadBlock block, string text) => new(block.Append(Encoding.Latin1.GetBytes(text)), text.Length);
}

using System.Text;

namespace FilterProxy.Filters.SecurityHeaders;

/// <summary>A Content-Security-Policy with places for the nonce.</summary>
internal sealed class Policy
{
    /// <summary>Bytes of a nonce as text: 16 random ones (CSP3 §7.1 asks for 128 bits) in base64.</summary>
    public const int NonceLength = 24;

    private readonly byte[][] _parts;

    public Policy(string text) => _parts = [.. text.Split("{nonce}").Select(Encoding.ASCII.GetBytes)];

    public bool HasNonce => _parts.Length > 1;

    public int Length => _parts.Sum(part => part.Length) + ((_parts.Length - 1) * NonceLength);

    public void Write(ReadOnlySpan<byte> nonce, Span<byte> output)
    {
        for (var i = 0; i < _parts.Length; i++)
        {
            if (i > 0)
            {
                nonce.CopyTo(output);
                output = output[nonce.Length..];
            }

            _parts[i].CopyTo(output);
            output = output[_parts[i].Length..];
        }
    }
}

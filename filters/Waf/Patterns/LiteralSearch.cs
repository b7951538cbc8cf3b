namespace FilterProxy.Filters.Waf.Patterns;

/// <summary>
/// Finds many texts at once in one pass (Aho-Corasick), ASCII case aside: a table of states over the classes of bytes that the texts tell apart.
/// </summary>
internal sealed class LiteralSearch
{
    private readonly byte[] _classOf;
    private readonly int[] _next;
    private readonly int[][] _found;
    private readonly int[] _lengths;
    private readonly int[] _owners;
    private readonly int _classes;
    private readonly int _firstFinding;

    private LiteralSearch(byte[] classOf, int classes, int[] next, int firstFinding, int[][] found, int[] lengths, int[] owners)
    {
        _classOf = classOf;
        _classes = classes;
        _next = next;
        _firstFinding = firstFinding;
        _found = found;
        _lengths = lengths;
        _owners = owners;
    }

    /// <summary>Number of states, for tests of size.</summary>
    public int States => _next.Length / _classes;

    /// <param name="texts">Texts and whom they belong to.</param>
    public static LiteralSearch Create(IEnumerable<(string Text, int Owner)> texts)
    {
        var all = texts.Where(item => item.Text.Length > 0).Select(item => (Text: Fold(item.Text), item.Owner)).ToArray();
        var classOf = Classify(all.Select(item => item.Text), out var classes);
        var trie = new Trie(classes);
        for (var i = 0; i < all.Length; i++)
        {
            trie.Add(all[i].Text, classOf, i);
        }

        return trie.Complete(classOf, [.. all.Select(item => item.Text.Length)], [.. all.Select(item => item.Owner)]);
    }

    /// <summary>Sets the bits of all owners of which a text was found.</summary>
    public void Mark(string text, ulong[] owners)
    {
        var state = 0;
        foreach (var c in text)
        {
            state = _next[state + _classOf[(byte)c]];
            if (state >= _firstFinding)
            {
                foreach (var index in _found[(state - _firstFinding) / _classes])
                {
                    var owner = _owners[index];
                    owners[owner >> 6] |= 1UL << (owner & 63);
                }
            }
        }
    }

    /// <summary>The one that ends first, and of those the longest.</summary>
    public bool TryFind(string text, out int start, out int length)
    {
        var state = 0;
        for (var at = 0; at < text.Length; at++)
        {
            state = _next[state + _classOf[(byte)text[at]]];
            if (state >= _firstFinding)
            {
                length = _lengths[_found[(state - _firstFinding) / _classes][0]];
                start = at + 1 - length;
                return true;
            }
        }

        (start, length) = (0, 0);
        return false;
    }

    private static string Fold(string text) => string.Create(text.Length, text, static (span, source) =>
    {
        for (var i = 0; i < span.Length; i++)
        {
            span[i] = char.IsAsciiLetterUpper(source[i]) ? (char)(source[i] | 0x20) : source[i];
        }
    });

    private static byte[] Classify(IEnumerable<string> texts, out int classes)
    {
        var used = new bool[256];
        foreach (var c in texts.SelectMany(text => text))
        {
            used[(byte)c] = true;
        }

        var classOf = new byte[256];
        classes = 1;
        for (var value = 0; value < 256; value++)
        {
            // 0 is for all that stands in no text.
            classOf[value] = (byte)(used[value] ? classes++ : 0);
        }

        for (var value = 'A'; value <= 'Z'; value++)
        {
            classOf[value] = classOf[value | 0x20];
        }

        return classOf;
    }

    /// <summary>The states as they are built.</summary>
    private sealed class Trie(int classes)
    {
        private readonly List<int[]> _children = [NewNode(classes)];
        private readonly List<List<int>> _found = [[]];

        public void Add(string text, byte[] classOf, int index)
        {
            var node = 0;
            foreach (var c in text)
            {
                ref var child = ref _children[node][classOf[(byte)c]];
                if (child < 0)
                {
                    child = _children.Count;
                    _children.Add(NewNode(classes));
                    _found.Add([]);
                }

                node = child;
            }

            _found[node].Add(index);
        }

        public LiteralSearch Complete(byte[] classOf, int[] lengths, int[] owners)
        {
            var fallback = new int[_children.Count];
            var order = new Queue<int>();
            for (var c = 0; c < classes; c++)
            {
                ref var child = ref _children[0][c];
                child = Math.Max(0, child);
                if (child > 0)
                {
                    order.Enqueue(child);
                }
            }

            while (order.TryDequeue(out var node))
            {
                var behind = fallback[node];
                _found[node].AddRange(_found[behind]);
                for (var c = 0; c < classes; c++)
                {
                    ref var child = ref _children[node][c];
                    if (child < 0)
                    {
                        child = _children[behind][c];
                    }
                    else
                    {
                        fallback[child] = _children[behind][c];
                        order.Enqueue(child);
                    }
                }
            }

            return Lay(classOf, lengths, owners);
        }

        // States that find something come last, so that one comparison tells them.
        private LiteralSearch Lay(byte[] classOf, int[] lengths, int[] owners)
        {
            var sorted = Enumerable.Range(0, _children.Count).OrderBy(node => _found[node].Count > 0).ToArray();
            var place = new int[sorted.Length];
            for (var i = 0; i < sorted.Length; i++)
            {
                place[sorted[i]] = i * classes;
            }

            var next = new int[sorted.Length * classes];
            for (var i = 0; i < sorted.Length; i++)
            {
                for (var c = 0; c < classes; c++)
                {
                    next[(i * classes) + c] = place[_children[sorted[i]][c]];
                }
            }

            var finding = sorted.Where(node => _found[node].Count > 0).ToArray();
            var first = (sorted.Length - finding.Length) * classes;
            return new LiteralSearch(classOf, classes, next, first, [.. finding.Select(node => _found[node].ToArray())], lengths, owners);
        }

        private static int[] NewNode(int classes)
        {
            var node = new int[classes];
            Array.Fill(node, -1);
            return node;
        }
    }
}

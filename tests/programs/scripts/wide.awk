BEGIN {
    srand(7)
    for (i = 1; i <= 20000; i++) {
        words[i % 97] = words[i % 97] i % 10
        sum += sqrt(i)
    }
    printf "%.6f %d %s\n", sum, length(words[5]), substr(words[96], 1, 20)
    n = asorti(words, order)
    print n, order[1], order[n], toupper("done"), strftime("%Y-%m-%d", 1e9, 1)
    print gensub(/([a-z])([0-9])/, "\\2\\1", "g", "a1b2c3")
}
{ count[$1 % 5] += $2; fields += NF }
END { for (k = 0; k < 5; k++) print k, count[k]; print fields, NR; exit 3 }

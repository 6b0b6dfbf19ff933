// Two of these, over InfiniBand verbs, check every byte that each sends the other.
//   rdma_check SIDE SOCKET check TRANSPORT WAIT BATCHES SEED   TRANSPORT rc|uc|ud|srq, WAIT poll|events
//   rdma_check SIDE SOCKET stream COUNT                        the client writes 8 bytes COUNT times; 0: until it fails
// SIDE is server or client; SOCKET is the path of a Unix socket on which both agree and keep step. In a check both
// sides run the same random plan towards each other at once: operations, sizes, gather and scatter shapes, inline,
// signalled or not. A plan of the same seed is the same plan.
#include "check.h"
#include <infiniband/verbs.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

enum { AREA = 16 << 20, OPERATIONS = 24, PIECES = 4, CELLS = 16, GRH = 40, GUARD = 0xA5, BATCH_BYTES = 4 << 20 };
enum { SOURCE, TARGET, RESULT, RECEIVE, CONSTANT, AREAS }; // areas of the one region, AREA bytes each

typedef struct {
    uint32_t qpn, psn, rkey;
    uint16_t lid;
    union ibv_gid gid;
    uint64_t base;
} Peer;

typedef struct {
    enum ibv_wr_opcode opcode;
    uint32_t bytes, offset; // offset: where its bytes lie in each area
    uint32_t cell, immediate;
    uint32_t pieces[2][PIECES]; // lengths of the gather and the scatter list
    bool isSignalled, isInline, takesReceive, isRightGuess, startsChain;
    uint64_t operand;
} Operation;

static struct ibv_context *device;
static struct ibv_pd *domain;
static struct ibv_comp_channel *channel;
static struct ibv_cq *cq;
static struct ibv_srq *srq;
static struct ibv_qp *qp;
static struct ibv_ah *route;
static struct ibv_mr *region;
static uint8_t *memory;
static Peer peer;
static int line = -1;
static bool isServer, isUd, isUc, isRc, hasSrq, usesEvents;
static uint64_t seed, planState;
static uint32_t unacknowledged;
static uint64_t cells[CELLS]; // what the peer's cells hold: only this side changes them

static uint64_t mix(uint64_t x) {
    x += 0x9E3779B97F4A7C15;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
    return x ^ (x >> 31);
}

static uint32_t draw(uint32_t below) { return below ? mix(planState++) % below : 0; }

// Byte i of the stream that key names.
static uint8_t byteOf(uint64_t key, size_t i) { return mix(key + i / 8) >> (i % 8 * 8); }

static uint64_t keyOf(bool fromServer, uint32_t batch, uint32_t operation) {
    return mix(seed ^ mix(((uint64_t)batch << 32) + operation * 2 + fromServer));
}

static uint8_t *at(int area, size_t offset) { return memory + (size_t)area * AREA + offset; }

static void transfer(void *bytes, size_t length, bool out) {
    for (size_t done = 0; done < length;) {
        ssize_t n = out ? write(line, (char *)bytes + done, length - done) : read(line, (char *)bytes + done, length - done);
        CHECK(n > 0);
        done += n;
    }
}

static void keepStep(uint32_t step) {
    uint32_t other = 0;
    transfer(&step, sizeof step, true);
    transfer(&other, sizeof other, false);
    CHECK(step == other);
}

static void joinLine(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    CHECK(strlen(path) < sizeof address.sun_path);
    strcpy(address.sun_path, path);
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(s >= 0);
    if (isServer) {
        CHECK(bind(s, (void *)&address, sizeof address) == 0 && listen(s, 1) == 0);
        CHECK((line = accept(s, NULL, NULL)) >= 0);
        return;
    }
    for (int tries = 0; connect(s, (void *)&address, sizeof address) != 0; tries++) {
        CHECK(tries < 3000 && (errno == ENOENT || errno == ECONNREFUSED));
        usleep(10000);
    }
    line = s;
}

static void createQueues(void) {
    int count = 0;
    struct ibv_device **list = ibv_get_device_list(&count);
    CHECK(list && count == 1);
    CHECK((device = ibv_open_device(list[0])));
    ibv_free_device_list(list);
    CHECK((domain = ibv_alloc_pd(device)));
    memory = mmap(NULL, (size_t)AREAS * AREA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    int access = IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_ATOMIC;
    CHECK((region = ibv_reg_mr(domain, memory, (size_t)AREAS * AREA, access)));
    if (usesEvents)
        CHECK((channel = ibv_create_comp_channel(device)));
    CHECK((cq = ibv_create_cq(device, 1024, NULL, channel, 0)));
    if (hasSrq) {
        struct ibv_srq_init_attr wanted = {.attr = {.max_wr = 4 * OPERATIONS, .max_sge = PIECES + 1}};
        CHECK((srq = ibv_create_srq(domain, &wanted)));
    }
    struct ibv_qp_init_attr wanted = {
        .send_cq = cq, .recv_cq = cq, .srq = srq, .qp_type = isUd ? IBV_QPT_UD : isUc ? IBV_QPT_UC : IBV_QPT_RC,
        .cap = {.max_send_wr = 512, .max_recv_wr = hasSrq ? 0 : 4 * OPERATIONS, .max_send_sge = PIECES, .max_recv_sge = hasSrq ? 0 : PIECES + 1, .max_inline_data = 512},
    };
    CHECK((qp = ibv_create_qp(domain, &wanted)));
    CHECK(wanted.cap.max_inline_data >= 512);
}

static void connectQueues(void) {
    struct ibv_port_attr port;
    CHECK(ibv_query_port(device, 1, &port) == 0 && port.state == IBV_PORT_ACTIVE);
    Peer own = {.qpn = qp->qp_num, .psn = mix(seed ^ isServer) & 0xffffff, .rkey = region->rkey, .lid = port.lid, .base = (uintptr_t)memory};
    CHECK(ibv_query_gid(device, 1, 0, &own.gid) == 0);
    transfer(&own, sizeof own, true);
    transfer(&peer, sizeof peer, false);

    struct ibv_qp_attr attributes = {.qp_state = IBV_QPS_INIT, .port_num = 1, .qkey = 0x1234567};
    attributes.qp_access_flags = IBV_ACCESS_REMOTE_WRITE | (isRc ? IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_ATOMIC : 0);
    CHECK(ibv_modify_qp(qp, &attributes, IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT | (isUd ? IBV_QP_QKEY : IBV_QP_ACCESS_FLAGS)) == 0);

    struct ibv_ah_attr to = {.dlid = peer.lid, .port_num = 1};
    attributes = (struct ibv_qp_attr){.qp_state = IBV_QPS_RTR, .path_mtu = IBV_MTU_2048, .dest_qp_num = peer.qpn, .rq_psn = peer.psn, .max_dest_rd_atomic = 4, .min_rnr_timer = 12, .ah_attr = to};
    int connected = IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN;
    CHECK(ibv_modify_qp(qp, &attributes, IBV_QP_STATE | (isUd ? 0 : connected) | (isRc ? IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER : 0)) == 0);

    attributes = (struct ibv_qp_attr){.qp_state = IBV_QPS_RTS, .sq_psn = own.psn, .timeout = 10, .retry_cnt = 7, .rnr_retry = 7, .max_rd_atomic = 4};
    int reliable = IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY | IBV_QP_MAX_QP_RD_ATOMIC;
    CHECK(ibv_modify_qp(qp, &attributes, IBV_QP_STATE | IBV_QP_SQ_PSN | (isRc ? reliable : 0)) == 0);
    if (isUd)
        CHECK((route = ibv_create_ah(domain, &to)));
    keepStep(0xC0FFEE);
}

static uint32_t drawSize(void) {
    static const uint32_t edges[] = {0, 1, 2, 3, 4, 7, 8, 9, 31, 59, 60, 61, 63, 64, 65, 127, 128, 129, 255, 256, 257, 500, 511, 512, 513, 1023, 1024, 1025, 2047, 2048, 2049,
                                     4055, 4056, 4095, 4096, 4097, 8191, 8192, 12289, 65535, 65536, 65537, 262144, 1 << 20, (1 << 20) + 1, (2 << 20) + 13};
    uint32_t size = draw(3) ? edges[draw(sizeof edges / sizeof *edges)] : draw(draw(2) ? 3000 : 100000);
    return isUd && size > 4096 ? size % 4097 : size;
}

static void drawPieces(uint32_t lengths[PIECES], uint32_t bytes) {
    memset(lengths, 0, PIECES * sizeof *lengths);
    uint32_t left = bytes, last = draw(PIECES);
    for (uint32_t i = 0; i < last; i++)
        left -= lengths[i] = draw(4) ? draw(left + 1) : 0;
    lengths[last] = left;
}

static void drawPlan(Operation plan[OPERATIONS], uint32_t batch) {
    static const enum ibv_wr_opcode all[] = {IBV_WR_SEND, IBV_WR_SEND_WITH_IMM, IBV_WR_RDMA_WRITE, IBV_WR_RDMA_WRITE_WITH_IMM, IBV_WR_RDMA_READ, IBV_WR_ATOMIC_CMP_AND_SWP, IBV_WR_ATOMIC_FETCH_AND_ADD};
    planState = mix(seed) + ((uint64_t)batch << 32);
    uint32_t offset = 64, used = 0;
    for (int i = 0; i < OPERATIONS; i++) {
        Operation *o = &plan[i];
        *o = (Operation){.opcode = all[draw(isUd ? 2 : isUc ? 4 : 7)], .bytes = drawSize(), .immediate = batch * OPERATIONS + i, .cell = draw(CELLS), .operand = mix(planState++)};
        bool isAtomic = o->opcode >= IBV_WR_ATOMIC_CMP_AND_SWP;
        if (isAtomic)
            o->bytes = 8;
        else if (used + o->bytes > BATCH_BYTES)
            o->bytes = draw(2000);
        used += o->bytes;
        // Pieces of an operation lie apart by 16 bytes, operations by 64 and up to 15 more, so that both start anywhere.
        o->offset = isAtomic ? (offset + 7) & ~7u : offset + draw(16);
        offset = o->offset + o->bytes + 16 * PIECES + GRH + 64;
        o->takesReceive = o->opcode == IBV_WR_SEND || o->opcode == IBV_WR_SEND_WITH_IMM || o->opcode == IBV_WR_RDMA_WRITE_WITH_IMM;
        o->isInline = o->opcode < IBV_WR_RDMA_READ && o->bytes <= 512 && draw(2);
        o->isSignalled = draw(3) != 0 || i == OPERATIONS - 1;
        o->isRightGuess = draw(2);
        o->startsChain = draw(3) == 0;
        for (int way = 0; way < 2; way++)
            if (isAtomic)
                memcpy(o->pieces[way], (uint32_t[PIECES]){8}, sizeof o->pieces[way]);
            else
                drawPieces(o->pieces[way], o->bytes);
    }
    CHECK(offset <= AREA - (AREA >> 3));
}

// Puts the pieces into a list that leaves 16 bytes between them; returns the number of entries.
static int listPieces(struct ibv_sge *list, uint8_t *start, const uint32_t lengths[PIECES]) {
    int count = 0;
    for (int i = 0; i < PIECES; i++)
        if (lengths[i] > 0 || i == 1) // a piece of no bytes, sometimes
            list[count++] = (struct ibv_sge){.addr = (uintptr_t)start, .length = lengths[i], .lkey = region->lkey}, start += lengths[i] + 16;
    return count;
}

static void fill(uint8_t *start, const uint32_t lengths[PIECES], uint64_t key) {
    size_t done = 0;
    for (int i = 0; i < PIECES; i++) {
        for (uint32_t b = 0; b < lengths[i]; b++)
            start[b] = byteOf(key, done++);
        if (lengths[i] > 0 || i == 1)
            start += lengths[i] + 16;
    }
}

// Checks the bytes of the pieces and, beyond each, that 16 bytes are as they were.
static void verify(const char *what, uint32_t batch, uint32_t operation, uint8_t *start, const uint32_t *lengths, int pieces, uint64_t key) {
    size_t done = 0;
    for (int i = 0; i < pieces; i++) {
        bool isThere = lengths[i] > 0 || i == 1;
        for (uint32_t b = 0; isThere && b < lengths[i] + 16; b++) {
            uint8_t expected = b < lengths[i] ? byteOf(key, done++) : GUARD;
            if (start[b] != expected) {
                dprintf(1, "seed %lu batch %u operation %u: %s: piece %d of %u bytes, byte %u is %02x, expected %02x\n", seed, batch, operation, what, i, lengths[i], b, start[b], expected);
                _exit(1);
            }
        }
        if (isThere)
            start += lengths[i] + 16;
    }
}

static void postReceives(const Operation plan[OPERATIONS]) {
    for (uint32_t i = 0; i < OPERATIONS; i++) {
        if (!plan[i].takesReceive)
            continue;
        struct ibv_sge list[PIECES + 1];
        int count = 0;
        uint8_t *start = at(RECEIVE, plan[i].offset);
        if (isUd)
            list[count++] = (struct ibv_sge){.addr = (uintptr_t)start, .length = GRH, .lkey = region->lkey}, start += GRH;
        if (plan[i].opcode != IBV_WR_RDMA_WRITE_WITH_IMM)
            count += listPieces(list + count, start, plan[i].pieces[1]);
        struct ibv_recv_wr request = {.wr_id = 1000 + i, .sg_list = list, .num_sge = count}, *bad;
        CHECK((hasSrq ? ibv_post_srq_recv(srq, &request, &bad) : ibv_post_recv(qp, &request, &bad)) == 0);
    }
}

static void postSends(const Operation plan[OPERATIONS], uint32_t batch, uint64_t expectedOld[OPERATIONS]) {
    struct ibv_send_wr requests[OPERATIONS], *first = NULL, *bad;
    struct ibv_sge lists[OPERATIONS][PIECES];
    for (uint32_t i = 0; i < OPERATIONS; i++) {
        const Operation *o = &plan[i];
        bool isAtomic = o->opcode >= IBV_WR_ATOMIC_CMP_AND_SWP, comesBack = isAtomic || o->opcode == IBV_WR_RDMA_READ;
        if (!comesBack)
            fill(at(SOURCE, o->offset), o->pieces[0], keyOf(isServer, batch, i));
        struct ibv_send_wr *w = &requests[i];
        *w = (struct ibv_send_wr){.wr_id = i, .opcode = o->opcode, .imm_data = o->immediate, .sg_list = lists[i]};
        w->num_sge = listPieces(lists[i], at(comesBack ? RESULT : SOURCE, o->offset), o->pieces[0]);
        if (isAtomic)
            w->num_sge = 1;
        w->send_flags = (o->isSignalled ? IBV_SEND_SIGNALED | IBV_SEND_SOLICITED : 0) | (o->isInline ? IBV_SEND_INLINE : 0);
        if (isUd) {
            w->wr.ud.ah = route, w->wr.ud.remote_qpn = peer.qpn, w->wr.ud.remote_qkey = 0x1234567;
        } else if (isAtomic) {
            uint64_t *cell = &cells[o->cell];
            expectedOld[i] = *cell;
            w->wr.atomic.remote_addr = peer.base + (uint64_t)(CONSTANT + 1) * AREA - 8 * (o->cell + 1), w->wr.atomic.rkey = peer.rkey;
            if (o->opcode == IBV_WR_ATOMIC_FETCH_AND_ADD) {
                w->wr.atomic.compare_add = o->operand, *cell += o->operand;
            } else {
                w->wr.atomic.compare_add = o->isRightGuess ? *cell : *cell + 1, w->wr.atomic.swap = o->operand;
                if (o->isRightGuess)
                    *cell = o->operand;
            }
        } else {
            w->wr.rdma.remote_addr = peer.base + (uint64_t)(o->opcode == IBV_WR_RDMA_READ ? CONSTANT : TARGET) * AREA + o->offset, w->wr.rdma.rkey = peer.rkey;
        }
        if (i > 0 && !o->startsChain)
            requests[i - 1].next = w;
        else {
            CHECK(!first || ibv_post_send(qp, first, &bad) == 0);
            first = w;
        }
    }
    CHECK(ibv_post_send(qp, first, &bad) == 0);
}

// One more completion, by polling or by sleeping on the channel.
static struct ibv_wc awaitCompletion(void) {
    struct ibv_wc completion;
    for (uint32_t turn = 1;; turn++) {
        int n = ibv_poll_cq(cq, 1, &completion);
        CHECK(n >= 0);
        if (n == 1)
            return completion;
        if (usesEvents && turn % 2) {
            CHECK(ibv_req_notify_cq(cq, 0) == 0);
        } else if (usesEvents) {
            struct ibv_cq *which;
            void *context;
            CHECK(ibv_get_cq_event(channel, &which, &context) == 0 && which == cq);
            unacknowledged++;
        } else if (turn % 4096 == 0) {
            usleep(100); // two that poll and an engine may share fewer processors
        }
    }
}

static void checkReceive(const struct ibv_wc *c, const Operation *o, uint32_t batch, uint32_t index) {
    bool isWrite = o->opcode == IBV_WR_RDMA_WRITE_WITH_IMM, hasImmediate = o->opcode != IBV_WR_SEND;
    CHECK(c->wr_id == 1000 + index);
    CHECK(c->opcode == (isWrite ? IBV_WC_RECV_RDMA_WITH_IMM : IBV_WC_RECV));
    CHECK(c->byte_len == o->bytes + (isUd ? GRH : 0));
    CHECK(!!(c->wc_flags & IBV_WC_WITH_IMM) == hasImmediate && (!hasImmediate || c->imm_data == o->immediate));
    if (isUd)
        CHECK(c->src_qp == peer.qpn);
    // The data is there before its completion is.
    if (isWrite)
        verify("write with immediate", batch, index, at(TARGET, o->offset), (uint32_t[]){o->bytes}, o->bytes > 0, keyOf(!isServer, batch, index));
    else
        verify("send", batch, index, at(RECEIVE, o->offset) + (isUd ? GRH : 0), o->pieces[1], PIECES, keyOf(!isServer, batch, index));
}

static void awaitAll(const Operation plan[OPERATIONS], uint32_t batch) {
    static const int done[] = {[IBV_WR_SEND] = IBV_WC_SEND, [IBV_WR_SEND_WITH_IMM] = IBV_WC_SEND, [IBV_WR_RDMA_WRITE] = IBV_WC_RDMA_WRITE, [IBV_WR_RDMA_WRITE_WITH_IMM] = IBV_WC_RDMA_WRITE,
                               [IBV_WR_RDMA_READ] = IBV_WC_RDMA_READ, [IBV_WR_ATOMIC_CMP_AND_SWP] = IBV_WC_COMP_SWAP, [IBV_WR_ATOMIC_FETCH_AND_ADD] = IBV_WC_FETCH_ADD};
    for (uint32_t sent = 0, received = 0;;) {
        while (sent < OPERATIONS && !plan[sent].isSignalled)
            sent++;
        while (received < OPERATIONS && !plan[received].takesReceive)
            received++;
        if (sent == OPERATIONS && received == OPERATIONS)
            return;
        struct ibv_wc c = awaitCompletion();
        if (c.status != IBV_WC_SUCCESS) {
            dprintf(1, "seed %lu batch %u: request %lu ended with %s\n", seed, batch, c.wr_id, ibv_wc_status_str(c.status));
            _exit(1);
        }
        CHECK(c.qp_num == qp->qp_num);
        if (c.wr_id >= 1000) {
            CHECK(received < OPERATIONS);
            checkReceive(&c, &plan[received], batch, received);
            received++;
        } else {
            CHECK(sent < OPERATIONS && c.wr_id == sent && (int)c.opcode == done[plan[sent].opcode]);
            sent++;
        }
    }
}

static void verifyMemory(const Operation plan[OPERATIONS], uint32_t batch, const uint64_t expectedOld[OPERATIONS]) {
    for (uint32_t i = 0; i < OPERATIONS; i++) {
        const Operation *o = &plan[i];
        if (o->opcode == IBV_WR_RDMA_WRITE || o->opcode == IBV_WR_RDMA_WRITE_WITH_IMM)
            verify("write", batch, i, at(TARGET, o->offset), (uint32_t[]){o->bytes}, o->bytes > 0, keyOf(!isServer, batch, i));
        else if (o->opcode == IBV_WR_ATOMIC_CMP_AND_SWP || o->opcode == IBV_WR_ATOMIC_FETCH_AND_ADD)
            CHECK(*(uint64_t *)at(RESULT, o->offset) == expectedOld[i]);
        else if (o->opcode == IBV_WR_RDMA_READ) {
            size_t from = o->offset;
            uint8_t *start = at(RESULT, o->offset);
            for (int p = 0; p < PIECES; p++) {
                for (uint32_t b = 0; b < o->pieces[0][p]; b++, from++)
                    CHECK(start[b] == byteOf(mix(seed ^ !isServer), from));
                if (o->pieces[0][p] > 0 || p == 1)
                    start += o->pieces[0][p] + 16;
            }
        }
    }
}

static void check(uint32_t batches) {
    static Operation plan[OPERATIONS];
    static uint64_t old[OPERATIONS];
    static uint32_t kinds[16];
    uint64_t bytes = 0;
    // What the peer reads; its last bytes are the cells of atomics.
    for (size_t i = 0; i < AREA - 8 * CELLS; i += 8)
        for (size_t b = 0; b < 8; b++)
            at(CONSTANT, i)[b] = byteOf(mix(seed ^ isServer), i + b);
    for (uint32_t batch = 0; batch < batches; batch++) {
        drawPlan(plan, batch);
        uint32_t end = plan[OPERATIONS - 1].offset + plan[OPERATIONS - 1].bytes + 256;
        for (int area = SOURCE; area <= RECEIVE; area++)
            memset(at(area, 0), GUARD, end);
        postReceives(plan);
        keepStep(2 * batch);
        // Now and then the engine may fall asleep first.
        if (batch % 8 == 7)
            usleep(20000);
        postSends(plan, batch, old);
        awaitAll(plan, batch);
        keepStep(2 * batch + 1);
        verifyMemory(plan, batch, old);
        for (int i = 0; i < OPERATIONS; i++)
            bytes += plan[i].bytes, kinds[plan[i].opcode]++;
    }
    struct ibv_wc none;
    CHECK(ibv_poll_cq(cq, 1, &none) == 0);
    keepStep(~0u);
    printf("checked %u operations, %lu bytes: send %u+%u write %u+%u read %u swap %u add %u\n", batches * OPERATIONS, bytes, kinds[IBV_WR_SEND], kinds[IBV_WR_SEND_WITH_IMM],
           kinds[IBV_WR_RDMA_WRITE], kinds[IBV_WR_RDMA_WRITE_WITH_IMM], kinds[IBV_WR_RDMA_READ], kinds[IBV_WR_ATOMIC_CMP_AND_SWP], kinds[IBV_WR_ATOMIC_FETCH_AND_ADD]);
}

// Posts and polls only: a system call here would be an exit.
static void stream(uint64_t count) {
    enum { EVERY = 64, WINDOW = 256 };
    struct ibv_wc completion;
    for (uint64_t posted = 0, completed = 0; count == 0 || completed < count;) {
        while (posted - completed < WINDOW && (count == 0 || posted < count)) {
            uint64_t value = posted + 1;
            bool isSignalled = value % EVERY == 0 || value == count;
            struct ibv_sge one = {.addr = (uintptr_t)&value, .length = sizeof value, .lkey = region->lkey};
            struct ibv_send_wr request = {.wr_id = value, .opcode = IBV_WR_RDMA_WRITE, .sg_list = &one, .num_sge = 1, .send_flags = IBV_SEND_INLINE | (isSignalled ? IBV_SEND_SIGNALED : 0),
                                          .wr.rdma = {.remote_addr = peer.base, .rkey = peer.rkey}}, *bad;
            CHECK(ibv_post_send(qp, &request, &bad) == 0);
            posted++;
        }
        int n = ibv_poll_cq(cq, 1, &completion);
        CHECK(n >= 0);
        if (n == 0)
            continue;
        if (completion.status != IBV_WC_SUCCESS) {
            dprintf(1, "ended with %s\n", ibv_wc_status_str(completion.status));
            _exit(3);
        }
        CHECK(completion.wr_id > completed);
        if (completed / 4096 == 0 && completion.wr_id / 4096 != 0 && count == 0)
            dprintf(1, "streaming\n");
        completed = completion.wr_id;
    }
    printf("wrote %lu\n", count);
}

int main(int argc, char **argv) {
    CHECK(argc >= 5);
    isServer = strcmp(argv[1], "server") == 0;
    bool isCheck = strcmp(argv[3], "check") == 0;
    CHECK(!isCheck || argc == 8);
    const char *transport = isCheck ? argv[4] : "rc";
    hasSrq = strcmp(transport, "srq") == 0, isUd = strcmp(transport, "ud") == 0, isUc = strcmp(transport, "uc") == 0;
    isRc = !isUd && !isUc;
    usesEvents = isCheck && strcmp(argv[5], "events") == 0;
    seed = isCheck ? strtoull(argv[7], NULL, 10) : 1;
    if (isCheck)
        dprintf(1, "seed %lu\n", seed);
    joinLine(argv[2]);
    createQueues();
    connectQueues();
    uint64_t count = strtoull(argv[isCheck ? 6 : 4], NULL, 10);
    if (isCheck) {
        check(count);
    } else {
        if (!isServer)
            stream(count);
        keepStep(1);
        if (isServer) {
            CHECK(*(uint64_t *)memory == count);
            printf("holds %lu\n", count);
        }
    }
    if (usesEvents)
        ibv_ack_cq_events(cq, unacknowledged);
    CHECK(ibv_destroy_qp(qp) == 0 && ibv_dereg_mr(region) == 0 && ibv_destroy_cq(cq) == 0);
    if (srq)
        CHECK(ibv_destroy_srq(srq) == 0);
    CHECK(ibv_close_device(device) == 0 || errno == EBUSY);
    puts("done");
    return 0;
}
